"""One question to the person at the terminal, and the answer into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli.review.loop import review_task
from makeitso.errors import ConfigError, StateError, UsageError
from makeitso.plans.amounts import readings
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import OUTSIDE, find

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import ApprovalScope
    from makeitso.wiring import Bridge

_KEYS: dict[str, ApprovalScope] = {"y": "once", "t": "task", "u": "until-red", "r": "run"}
_WORDS: dict[ApprovalScope, str] = {
    "once": "y yes",
    "task": "t for this task",
    "until-red": "u until a check is red",
    "run": "r for this run",
}


def ask_person(bridge: Bridge, console: Console, approval: Approval) -> bool:
    """Put one question; False when the person leaves it open or input ends.

    Runs in a thread of its own with a journal of its own, while the run goes on.
    """
    with bridge.second() as desk:
        approval = find(desk.book, approval.id)
        if approval.state != "pending":
            return True
        if approval.kind == "change" and approval.run is not None:
            return review_task(desk, console, approval.run, approval.tasks[0])
        document = _plan_of(desk, approval)
        _show(console, approval, besides=document)
        _show_plan(console, document)
        decision = (
            _answer(console, approval)
            if approval.kind == "question"
            else _choose(console, approval)
        )
        if decision is None:
            return False
        try:
            desk.decide(decision)
        except (StateError, UsageError, ConfigError) as error:
            # Somebody else was faster, or the pattern does not do: then it is asked again.
            console.note(f"{error.message}. {error.hint}".strip(), style="yellow")
        return True


def _show(console: Console, approval: Approval, *, besides: str = "") -> None:
    """The question with what helps to decide, but for what the text shown beside it says."""
    console.note("")
    console.note(f"{approval.kind}: {approval.subject}", style="bold yellow")
    for line in approval.detail.splitlines():
        if besides and (line.strip() in besides or _is_heading(line, besides)):
            continue
        outside = approval.unsandboxed and line == OUTSIDE
        console.note(f"    {line}", style="bold red" if outside else None)


def _is_heading(line: str, document: str) -> bool:
    """Whether a line is id and title of a task, which the document writes in its own way."""
    name, gap, title = line.partition("  ")
    return bool(gap) and f"**{name}** {title}" in document


def _plan_of(bridge: Bridge, approval: Approval) -> str:
    """The plan document as it stands: that is what is approved. Empty: nothing of the kind."""
    if approval.kind != "plan" or approval.run is None:
        return ""
    path = bridge.book.run(approval.run).plan_path
    return "" if path is None else (bridge.root / path).read_text("utf-8", "replace")


def _show_plan(console: Console, document: str) -> None:
    if not document:
        return
    console.note("")
    for line in document.splitlines():
        console.note(f"    {line}", style="bold" if line.startswith(("#", "- [")) else None)
    console.note("")


def _choose(console: Console, approval: Approval) -> Decision | None:
    possible = [f"{_WORDS[s]}" for s in approval.scopes if s in _WORDS]
    if "always" in approval.scopes:
        possible.append(f"a always for `{approval.pattern}`")
    never = ["d deny for good"] if approval.kind == "command" else []
    if approval.ceiling is not None:
        example = "50k" if approval.ceiling.measure == "tokens" else "10 min"
        possible.append(f"{example} that much more")
    menu = ", ".join([*possible, "n no", *never, "l later"])
    while True:
        key = console.read(f"{approval.id} [{menu}]? ")
        key = None if key is None else key.strip().lower()
        if key is None or key in ("l", "q", "later"):
            return None
        if key in ("n", "no"):
            because = console.read("reason (may be empty; the worker is told): ") or ""
            return Decision(id=approval.id, grant=False, because=because, digest=approval.digest)
        if (key == "a" and "always" in approval.scopes) or (key == "d" and never):
            if decision := _for_always(console, approval, grant=key == "a"):
                return decision
            continue
        if approval.ceiling is not None and readings(key):
            return Decision(id=approval.id, grant=True, answer=key, digest=approval.digest)
        scope = _KEYS.get({"yes": "y"}.get(key, key))
        if scope in approval.scopes:
            return Decision(id=approval.id, grant=True, scope=scope, digest=approval.digest)


def _for_always(console: Console, approval: Approval, *, grant: bool) -> Decision | None:
    """Ask for the pattern of a rule; None: back to the question."""
    proposed = f" (empty: {approval.pattern})" if approval.pattern else ""
    typed = console.read(f"pattern, as in `git fetch *`{proposed}: ")
    pattern = (typed or "").strip() or (approval.pattern if typed is not None else "")
    if not pattern:
        return None
    because = "" if grant else console.read("reason (may be empty; the worker is told): ") or ""
    return Decision(
        id=approval.id,
        grant=grant,
        scope="always",
        pattern=pattern,
        because=because,
        digest=approval.digest,
    )


def _answer(console: Console, approval: Approval) -> Decision | None:
    for choice in approval.choices:
        console.note(f"    - {choice}")
    text = console.read(f"{approval.id} answer (empty: later): ")
    if not text:
        return None
    return Decision(id=approval.id, grant=True, answer=text, digest=approval.digest)
