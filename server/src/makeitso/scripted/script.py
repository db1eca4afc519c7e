"""What a script says: answers, and rules that choose one from the content of a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from makeitso.scripted.view import RequestView

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Say:
    """A message of the model.

    Attributes:
        text: what it says.
        phase: `commentary` or `final_answer`; None leaves it out.
        chunk: characters in one delta, at least 1.
        chunk_delay_s: pause before each delta, in seconds.
    """

    text: str
    phase: str | None = None
    chunk: int = 24
    chunk_delay_s: float = 0.0


@dataclass(frozen=True)
class Think:
    """A reasoning item with a summary."""

    text: str


@dataclass(frozen=True)
class Run:
    """A call of `exec_command`.

    Attributes:
        cmd: the command line.
        call_id: names the call; unique within a conversation.
        options: further arguments, e.g. `yield_time_ms`, `sandbox_permissions`, `justification`.
    """

    cmd: str
    call_id: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Patch:
    """A call of the free-form tool `apply_patch`; `patch` has its Begin and End lines."""

    patch: str
    call_id: str


@dataclass(frozen=True)
class Call:
    """A call of any other function tool."""

    name: str
    arguments: Mapping[str, object]
    call_id: str


Item = Say | Think | Run | Patch | Call


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The usage an answer reports; `cached` is part of `input`, `reasoning` of `output`."""

    input: int = 1000
    cached: int = 200
    output: int = 50
    reasoning: int = 10


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer to one request.

    Attributes:
        items: what the model says and calls, in order.
        usage: the tokens it reports.
        delay_s: wait before the first byte, in seconds.
        status: an HTTP error status instead of a stream; `error` is its message.
        error: message of the HTTP error or of the failed response.
        failed: error code of a `response.failed` event instead of `response.completed`.
        hang_s: open the stream, send nothing more and hold it this long, in seconds.
        cut: end the stream after the items, without its last event.
    """

    items: tuple[Item, ...] = ()
    usage: Tokens = field(default_factory=Tokens)
    delay_s: float = 0.0
    status: int | None = None
    error: str = "scripted error"
    failed: str | None = None
    hang_s: float = 0.0
    cut: bool = False


Script = Callable[[RequestView], Answer]
Condition = Callable[[RequestView], bool]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An answer and when to give it; the answer may itself look at the request."""

    when: Condition
    answer: Answer | Script


def rules(*entries: Rule) -> Script:
    """A script from rules: the first that matches answers; none matching is a failed response."""

    def script(view: RequestView) -> Answer:
        for rule in entries:
            if rule.when(view):
                return rule.answer if isinstance(rule.answer, Answer) else rule.answer(view)
        return Answer(
            failed="script_has_no_answer",
            error=f"the script has no answer for: {view.last_user_text[:200]}",
        )

    return script


def workflow(*answers: Answer) -> Script:
    """A script that goes on to the next answer once all calls of one are answered.

    Answers without calls can only be last. A call that was aborted (the client was killed or
    interrupted) is made again under a new id, as a model would.
    """

    def script(view: RequestView) -> Answer:
        for answer in answers:
            if not all(view.answered(key) for key in call_ids(answer)) or answer is answers[-1]:
                return _with_fresh_ids(answer, view)
        return Answer(failed="script_has_no_answer", error="the workflow has no answers")

    return script


def call_ids(answer: Answer) -> tuple[str, ...]:
    """The ids of the calls an answer makes."""
    return tuple(item.call_id for item in answer.items if isinstance(item, Run | Patch | Call))


def always(view: RequestView) -> bool:
    """Match any request."""
    del view
    return True


def said(text: str) -> Condition:
    """Match when the newest user text contains `text`."""
    return lambda view: text in view.last_user_text


def called(key: str) -> Condition:
    """Match when the call `key` is answered."""
    return lambda view: view.answered(key)


def wants_schema(name: str | None = None) -> Condition:
    """Match when a JSON schema answer is asked for, with this name if one is given."""
    return lambda view: view.schema_name is not None and name in (None, view.schema_name)


def _with_fresh_ids(answer: Answer, view: RequestView) -> Answer:
    used = [call.key for call in view.calls]

    def fresh(item: Item) -> Item:
        if isinstance(item, Run | Patch | Call) and item.call_id in used:
            return replace(item, call_id=f"{item.call_id}~{used.count(item.call_id) + 1}")
        return item

    return replace(answer, items=tuple(fresh(item) for item in answer.items))
