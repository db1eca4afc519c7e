"""Why a person decides on a hunk whatever is set, in words: its file, or what its text holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.change import ChangedFile, Hunk
    from makeitso.protocol.events_review import HunkRef

_OF_TEXT = {
    "bidi": "it turns the direction of text",
    "invisible": "it holds invisible characters",
    "mixed-script": "a word in it mixes letters that look alike",
    "control": "it holds control characters",
    "proves-task": "the task's own check names it",
}
MOST = 3
"""Files that are named with their reasons; the rest is counted."""
UNKNOWN = "protected path or content"
"""Said of a proposal that was recorded without its reasons."""


def why_ask(file: ChangedFile, hunk: Hunk) -> str:
    """Why a person decides on a hunk; empty: nobody has to."""
    if not hunk.flags and not file.protected:
        return ""  # nearly every hunk
    said_of = {**_OF_TEXT, "proves-task": file.proves or _OF_TEXT["proves-task"]}
    found = [file.protected, *(said for flag, said in said_of.items() if flag in hunk.flags)]
    return "; ".join(dict.fromkeys(filter(None, found)))


def decides(hunks: Iterable[HunkRef]) -> str:
    """`a person decides on conftest.py (conftest.py is run by every test)`; empty: on none."""
    reasons: dict[str, list[str]] = {}
    for hunk in hunks:
        if hunk.must_ask:
            reasons.setdefault(hunk.path, []).append(hunk.why_ask or UNKNOWN)
    if not reasons:
        return ""
    said = [f"{path} ({'; '.join(dict.fromkeys(why))})" for path, why in reasons.items()]
    more = [f"{counted(len(said) - MOST, 'file')} more"] if len(said) > MOST else []
    return f"a person decides on {', '.join([*said[:MOST], *more])}"
