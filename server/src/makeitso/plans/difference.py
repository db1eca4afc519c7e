"""What differs between the intent that was approved and the intent now, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = {
    "files": "files",
    "checks": "done when",
    "after": "after",
    "skills": "skills",
    "budget_tokens": "budget",
    "budget_s": "budget in seconds",
    "max_concurrency": "tasks at once",
    "phases": "phases",
    "policies": "policies",
}
_SHOWN = 60
"""Characters of a text shown on either side."""


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Say field by field what changed from one canonical form to another; empty when nothing.

    Each entry is one line for a person, such as ``files: + `src/b.py` ``.
    """
    lines: list[str] = []
    for field in dict.fromkeys([*old, *new]):
        before, after = old.get(field), new.get(field)
        if before != after:
            lines += _field(field, before, after)
    return lines


def _field(field: str, before: object, after: object) -> list[str]:
    old_value, new_value = before, after
    name = _NAMES.get(field, field)
    if field == "tasks":
        return _tasks(_objects(before), _objects(after))
    if field == "goal":
        return [f"{name}: {_texts(_words(before), _words(after))}"]
    if isinstance(before, str) and isinstance(after, str):
        return [f"{name}: {_texts(before, after)}"]
    if isinstance(before, list) and isinstance(after, list):
        changed = _lists(cast("list[object]", before), cast("list[object]", after))
        return [f"{name}: {changed}"]
    if isinstance(before, dict) and isinstance(after, dict):
        old_map, new_map = cast("Canonicals", before), cast("Canonicals", after)
        return [
            f"{name}: {key} {_show(old_map.get(key))} → {_show(new_map.get(key))}"
            for key in dict.fromkeys([*old_map, *new_map])
            if old_map.get(key) != new_map.get(key)
        ]
    return [f"{name}: {_show(old_value)} → {_show(new_value)}"]


Canonicals = dict[str, object]


def _objects(value: object) -> list[Canonicals]:
    return cast("list[Canonicals]", value) if isinstance(value, list) else []


def _tasks(before: Sequence[Canonicals], after: Sequence[Canonicals]) -> list[str]:
    old = {str(task.get("id")): task.get("digest") for task in before}
    new = {str(task.get("id")): task.get("digest") for task in after}
    lines = [f"task {name} was added" for name in new if name not in old]
    lines += [f"task {name} was removed" for name in old if name not in new]
    lines += [f"task {name} changed" for name in new if name in old and old[name] != new[name]]
    kept_old = [name for name in old if name in new]
    kept_new = [name for name in new if name in old]
    if kept_old != kept_new:
        lines.append("tasks stand in another order")
    return lines or ["tasks: ids are used more than once"]


def _lists(before: list[object], after: list[object]) -> str:
    old = [_show(value) for value in before]
    new = [_show(value) for value in after]
    marks = [f"+ {text}" for text in new if text not in old]
    marks += [f"- {text}" for text in old if text not in new]
    return ", ".join(marks) if marks else "another order"


def _words(value: object) -> str:
    pieces = cast("list[list[str]]", value) if isinstance(value, list) else []
    return " ¶ ".join(piece[1] for piece in pieces)


def _texts(before: str, after: str) -> str:
    """Both texts without the words they share at the ends, shortened."""
    old, new = before.split(" "), after.split(" ")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first = max(0, start - 2)
    last = max(0, end - 2)
    lead = "… " if first else ""
    tail = " …" if last else ""
    shown = [
        _short(" ".join(words[first : len(words) - last])) or "nothing" for words in (old, new)
    ]
    if shown[0] == shown[1]:
        return f"changed after “{shown[0]}”, or in its layout of paragraphs and lists"
    return f"“{lead}{shown[0]}{tail}” → “{lead}{shown[1]}{tail}”"


def _show(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, dict):
        held = cast("Canonicals", value)
        if "command" in held:
            return _show_check(held)
        said = [str(part) for part in held.values() if part is not None]
        return f"`{_short(' '.join(said))}`"
    return f"`{_short(value if isinstance(value, str) else json.dumps(value))}`"


def _show_check(check: Canonicals) -> str:
    options = ""
    if check.get("cwd") != ".":
        options += f" in {check.get('cwd')}"
    options += f" timeout {check.get('timeout_s')}s"
    if check.get("was_failing"):
        options += " (was: failing)"
    return f"`{check.get('command')}`{options}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
