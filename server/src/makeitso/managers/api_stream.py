"""Reads the events of a Responses API stream into what the model said. Pure.

Compatible servers differ in what they send, so nothing but the event types is relied on: the text
is that of the last finished message, else of the final response, else of the deltas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from makeitso.errors import AnswerError, ModelError, Unavailable
from makeitso.managers.api_failures import failure
from makeitso.managers.port import Spent
from makeitso.managers.structured import RECEIVED_LIMIT, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_TEXT = 1_000_000
"""Characters of an answer before it is given up."""


@dataclass
class Reading:
    """The state of reading one response."""

    deltas: list[str] = field(default_factory=list[str])
    length: int = 0
    message: str = ""
    refusal: str = ""
    model: str = ""
    status: str = ""
    reason: str = ""
    spent: Spent = field(default_factory=Spent)

    def take(self, event: Mapping[str, object]) -> str:
        """Take one event; returns the text it adds, for showing.

        Raises:
            ModelError: the endpoint reports a failure, or the answer is far too long.
        """
        match event.get("type"):
            case "response.output_text.delta":
                delta = str(event.get("delta") or "")
                self.deltas.append(delta)
                self.length += len(delta)
                if self.length > MOST_TEXT:
                    raise ModelError(f"The model's answer is longer than {MOST_TEXT} characters.")
                return delta
            case "response.refusal.done":
                self.refusal = str(event.get("refusal") or "")
            case "response.output_item.done":
                self._take_item(_object(event.get("item")))
            case "response.completed" | "response.incomplete" | "response.failed":
                self._take_end(_object(event.get("response")))
            case "error":
                raise failure(event)
            case _:
                pass
        return ""

    def reply(self) -> Reply:
        """What was said, once the stream has ended.

        Raises:
            ModelError: the stream ended before the response did.
            AnswerError: the model refused, or was stopped before it had answered.
        """
        text = self.message or "".join(self.deltas)
        received: dict[str, object] = {"received": (self.refusal or text)[:RECEIVED_LIMIT]}
        if self.refusal:
            raise AnswerError(
                "The model refused to answer.",
                hint="Say the goal differently, or use another model.",
                data=received | {"errors": ["refused"]},
            )
        if not self.status:
            raise Unavailable(
                "The connection ended before the model had answered.", hint="Try again."
            )
        if self.status != "completed":
            reason = self.reason or self.status
            raise AnswerError(
                f"The model stopped before its answer was complete: {reason}.",
                hint="Make the goal smaller, or use a model with room for longer answers.",
                data=received | {"errors": [reason]},
            )
        return Reply(text=text, spent=self.spent, model=self.model)

    def _take_item(self, item: Mapping[str, object]) -> None:
        if item.get("type") != "message":
            return
        parts = _objects(item.get("content"))
        text = "".join(str(part.get("text") or "") for part in parts)
        self.message = text or self.message
        self.refusal = next(
            (str(part["refusal"]) for part in parts if part.get("refusal")), self.refusal
        )

    def _take_end(self, response: Mapping[str, object]) -> None:
        self.model = str(response.get("model") or "")
        self.status = str(response.get("status") or "completed")
        self.reason = str(_object(response.get("incomplete_details")).get("reason") or "")
        usage = _object(response.get("usage"))
        self.spent = Spent(
            input_tokens=_count(usage.get("input_tokens")),
            output_tokens=_count(usage.get("output_tokens")),
        )
        if self.status == "failed":
            raise failure(_object(response.get("error")))
        if not self.message:
            for item in _objects(response.get("output")):
                self._take_item(item)


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, object]]:
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return [_object(entry) for entry in entries]
