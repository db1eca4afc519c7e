"""What a script may look at: one Responses API request, read into plain values."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, object]

_CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_EXIT = re.compile(r"(?:exit(?:ed with)? code:?|\"exit_code\":)\s*(-?\d+)", re.IGNORECASE)
_REFUSED = re.compile(r"aborted|rejected|declined|denied by|not permitted by", re.IGNORECASE)
_UNFIT = re.compile(r"\bapply_patch verification failed")


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """A tool call in the history, joined with its output.

    Attributes:
        call_id: as the script gave it.
        name: of the tool.
        text: its arguments as JSON text, or its free-form input.
        output: what the tool said; None while it has no answer in the history.
    """

    call_id: str
    name: str
    text: str
    output: str | None

    @property
    def key(self) -> str:
        """The call id without the `~2`, `~3` that `workflow` adds to a repeated call."""
        return self.call_id.partition("~")[0]

    @property
    def exit_code(self) -> int | None:
        """The exit code the output names, if any."""
        found = _EXIT.search(self.output or "")
        return int(found.group(1)) if found else None

    @property
    def aborted(self) -> bool:
        """True if the client says the call was interrupted and never finished."""
        return "aborted" in (self.output or "")[:200].lower()

    @property
    def refused(self) -> bool:
        """True if the client says that somebody or something refused the call."""
        return self.exit_code is None and bool(_REFUSED.search(self.output or ""))

    @property
    def succeeded(self) -> bool:
        """True if it was answered, not refused, fits the files and names no exit code but 0."""
        if self.output is None or self.refused or self.exit_code not in (None, 0):
            return False
        return self.exit_code == 0 or not _UNFIT.search(self.output)


@dataclass(frozen=True, kw_only=True)
class RequestView:
    """One request as a script sees it.

    Attributes:
        body: the whole request, as JSON.
        key: the bearer key, empty if none.
        model: the model asked for.
        instructions: the top-level instructions.
        developer_texts: texts of developer and system messages, in order.
        user_texts: texts of user messages, in order.
        agent_texts: what the model said before, in order.
        calls: the tool calls of the history with their outputs, in order.
        tools: names of the tools offered.
        schema_name: name of the JSON schema asked for, None if none is.
        schema: that schema.
    """

    body: Mapping[str, object]
    key: str
    model: str
    instructions: str
    developer_texts: tuple[str, ...]
    user_texts: tuple[str, ...]
    agent_texts: tuple[str, ...]
    calls: tuple[ToolCall, ...]
    tools: tuple[str, ...]
    schema_name: str | None
    schema: Mapping[str, object] | None

    @property
    def last_user_text(self) -> str:
        """The newest user text, empty if there is none."""
        return self.user_texts[-1] if self.user_texts else ""

    @property
    def developer_text(self) -> str:
        """All developer texts as one."""
        return "\n\n".join(self.developer_texts)

    def call(self, key: str) -> ToolCall | None:
        """The newest call whose id is `key`, repeated calls of `workflow` included."""
        return next(
            (call for call in reversed(self.calls) if key in (call.call_id, call.key)), None
        )

    def answered(self, key: str) -> bool:
        """True if the call `key` is in the history, has an output and was not aborted."""
        call = self.call(key)
        return call is not None and call.output is not None and not call.aborted

    def calls_named(self, name: str) -> tuple[ToolCall, ...]:
        """The calls of one tool."""
        return tuple(call for call in self.calls if call.name == name)


def read_request(body: Mapping[str, object], *, key: str = "") -> RequestView:
    """Read a request; what has an unexpected shape is left out, never an error."""
    texts: dict[str, list[str]] = {"user": [], "developer": [], "assistant": []}
    raw_input = body.get("input")
    if isinstance(raw_input, str):
        texts["user"].append(raw_input)
    items = _objects(raw_input)
    for item in items:
        if item.get("type", "message") == "message":
            role = str(item.get("role"))
            texts.get("developer" if role == "system" else role, []).append(
                plain_text(item.get("content"))
            )
    shape = _object(_object(body.get("text")).get("format"))
    wants = shape.get("type") == "json_schema"
    return RequestView(
        body=body,
        key=key,
        model=str(body.get("model", "")),
        instructions=str(body.get("instructions") or ""),
        developer_texts=tuple(texts["developer"]),
        user_texts=tuple(texts["user"]),
        agent_texts=tuple(texts["assistant"]),
        calls=_read_calls(items),
        tools=tuple(
            str(tool.get("name", tool.get("type", ""))) for tool in _objects(body.get("tools"))
        ),
        schema_name=str(shape.get("name", "")) if wants else None,
        schema=_object(shape.get("schema")) if wants else None,
    )


def plain_text(content: object) -> str:
    """The text of a content value: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = _objects(cast("object", content))
        return "\n".join(str(part["text"]) for part in parts if "text" in part)
    return "" if content is None else json.dumps(content)


def _read_calls(items: list[Json]) -> tuple[ToolCall, ...]:
    outputs = {
        str(item.get("call_id")): plain_text(item.get("output"))
        for item in items
        if item.get("type") in _OUTPUTS
    }
    return tuple(
        ToolCall(
            call_id=str(item.get("call_id")),
            name=str(item.get("name")),
            text=plain_text(item.get(_CALLS[str(item["type"])])),
            output=outputs.get(str(item.get("call_id"))),
        )
        for item in items
        if item.get("type") in _CALLS
    )


def _object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Json", entry) for entry in entries if isinstance(entry, dict)]
