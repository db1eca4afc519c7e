"""Changes for scripts and editors: a line a hunk, quickfix, a count a file, names, JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from makeitso.cli.console import visible
from makeitso.cli.review.paging import page
from makeitso.cli.review.selecting import hunks_of
from makeitso.cli.review.stale import say_stale
from makeitso.journal.staleness import stale_line
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.cli.console import Console
    from makeitso.cli.review.selecting import Reviewed
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge

Form = Literal["lines", "quickfix", "stat", "names"]
EXIT_CONFLICT, EXIT_WAITS = 1, 3


def list_hunks(
    bridge: Bridge,
    console: Console,
    found: list[Reviewed],
    *,
    form: Form,
    only_new: bool = False,
    most: int | None = None,
) -> int:
    """Write the hunks of changes in a form; with `only_new` those nobody has looked at.

    With `most` only so many lines are written; returns how many are left out. JSON is never cut.
    """
    hunks = hunks_of(bridge, found)
    fresh = {hunk for _, task in found for hunk in task.fresh}
    fresh |= {hunk.id for hunk in hunks if "new" in hunk.flags}
    if only_new:
        looked = {(run.id, task.id) for run, task in found if task.looked or task.explicit}
        hunks = [h for h in hunks if h.id in fresh or (h.run, h.task) not in looked]
    stale = {(run.id, task.id): line for run, task in found if (line := stale_line(run, task))}
    if console.as_json:
        console.data(_data(hunks, fresh, stale, form=form))
        return 0
    match form:
        case "lines":
            lines = [
                _line(hunk, new=hunk.id in fresh, stale=(hunk.run, hunk.task) in stale)
                for hunk in hunks
            ]
        case "quickfix":
            lines = [quickfix(hunk) for hunk in hunks]
        case "stat":
            lines = _stat(hunks)
        case "names":
            lines = list(dict.fromkeys(visible(hunk.path) for hunk in hunks))
    if lines:
        page(bridge.repo, console, lines[:most])
    else:
        console.note("nothing to review")
    for run, task in found if form == "lines" else ():
        say_stale(console, run, task)
    return len(lines) - len(lines[:most])


def exit_code(found: Iterable[Reviewed]) -> int:
    """What a script learns: 0 all is decided and landed, 3 something waits, 1 conflicts."""
    states = {state for _, task in found for state in task.hunks.values()}
    if "conflict" in states:
        return EXIT_CONFLICT
    return EXIT_WAITS if {"pending", "accepted"} & states else 0


def quickfix(hunk: Hunk) -> str:
    """`path:line:col: text [id]`, the place as the file is before the hunk lands."""
    at, text = max(hunk.old_start, 1), ""
    for line in hunk.diff.split("\n")[1:]:
        if line[:1] in ("+", "-"):
            text = line[1:].strip()
            break
        at += 1
    said = text or hunk.kind
    return f"{visible(hunk.origin or hunk.path)}:{at}:1: {visible(said)} [{hunk.id}]"


def _line(hunk: Hunk, *, new: bool, stale: bool) -> str:
    touches = f"  touches {', '.join(hunk.overlaps)}" if hunk.overlaps else ""
    mark = f"{'  new' if new else ''}{'  stale' if stale else ''}"
    was = f" (renamed, it was {hunk.origin})" if hunk.kind == "rename" else ""
    return visible(f"{hunk.id}  {hunk.state:<9} {hunk.path}:{hunk.new_start}{was}{touches}{mark}")


def line_counts(hunks: Iterable[Hunk]) -> tuple[int, int]:
    """Lines added and removed."""
    tags = Counter(
        line[:1] for hunk in hunks for line in hunk.diff.split("\n")[1:] if hunk.kind != "binary"
    )
    return tags["+"], tags["-"]


def _by_path(hunks: Sequence[Hunk]) -> dict[str, list[Hunk]]:
    files: dict[str, list[Hunk]] = {}
    for hunk in hunks:
        files.setdefault(hunk.path, []).append(hunk)
    return files


def _stat(hunks: Sequence[Hunk]) -> list[str]:
    files = _by_path(hunks)
    if not files:
        return []
    names = {path: _shown(path, own) for path, own in files.items()}
    width = max(map(len, names.values()))
    lines: list[str] = []
    for path, own in files.items():
        added, removed = line_counts(own)
        states = ", ".join(f"{n} {state}" for state, n in Counter(h.state for h in own).items())
        lines.append(f" {names[path]:<{width}} | +{added} -{removed}  {states}")
    added, removed = line_counts(hunks)
    size = f"{counted(len(files), 'file')}, {counted(len(hunks), 'hunk')}"
    lines.append(f" {size}, +{added} -{removed}")
    return lines


def _shown(path: str, own: Sequence[Hunk]) -> str:
    """A file's name; of one that is renamed both, as git writes it."""
    origin = next((hunk.origin for hunk in own if hunk.kind == "rename"), None)
    return visible(f"{origin} => {path}" if origin else path)


def _data(
    hunks: Sequence[Hunk], fresh: set[str], stale: dict[tuple[str, str], str], *, form: Form
) -> object:
    if form == "names":
        return list(dict.fromkeys(hunk.path for hunk in hunks))
    if form == "stat":
        return [
            {
                "path": path,
                "added": line_counts(own)[0],
                "removed": line_counts(own)[1],
                "hunks": dict(Counter(hunk.state for hunk in own)),
            }
            for path, own in _by_path(hunks).items()
        ]
    return [
        {
            **hunk.model_dump(mode="json"),
            "new": hunk.id in fresh,
            "stale": stale.get((hunk.run, hunk.task), ""),
        }
        for hunk in hunks
    ]
