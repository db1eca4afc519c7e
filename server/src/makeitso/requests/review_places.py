"""`mis/review/*`: the next hunk that waits, and where a hunk stands; buffers count as typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import NotFoundError
from makeitso.protocol.methods_places import ReviewPlace
from makeitso.requests.changes import write_document
from makeitso.review.marks import find
from makeitso.review.sections import read_sections
from makeitso.runs import waiting
from makeitso.runs.reviewing import locate, present_change
from makeitso.runs.shown import write_proposal

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.methods_places import ReviewShowParams, ReviewStepParams
    from makeitso.requests.place import Workplace
    from makeitso.review.sections import HunkSection

NOTHING = "No hunk waits for you."
EDIT = "Change, remove or add lines that begin with +, and save: that is what lands."
COMMENT = "Write what you want to say behind `# >`, and save."


async def next_(at: Workplace, params: ReviewStepParams) -> ReviewPlace:
    """The next hunk that waits.

    Raises:
        UsageError: the document lies outside the workspace.
    """
    return await _step(at, params, by=1)


async def previous(at: Workplace, params: ReviewStepParams) -> ReviewPlace:
    """The hunk that waits before this place.

    Raises:
        UsageError: the document lies outside the workspace.
    """
    return await _step(at, params, by=-1)


async def show(at: Workplace, params: ReviewShowParams) -> ReviewPlace:
    """Where a hunk stands: in its review document, in the real file, or in the proposed one.

    Raises:
        NotFoundError: there is no such hunk.
        StateError: the proposal has no such file to show.
    """
    at.require_runs(params.hunk)
    run, task = locate(at.book, params.hunk)
    if params.where == "proposal":
        return await _in_proposal(at, run, task, params.hunk)
    if params.where == "file" and params.to == "look":
        found = await to_thread.run_sync(waiting.Waiting().by_path, at.bridge.repo, {run.id: run})
        for path, hunks in found.items():
            if any(one.hunk.id == params.hunk for one in hunks):
                place = await _in_file(at, path, hunks, params.hunk)
                if place is not None:
                    return place
    said = {"look": "", "edit": EDIT, "comment": COMMENT}[params.to]
    return await _in_review(at, run, task, params.hunk, line=params.line, said=said)


async def _step(at: Workplace, params: ReviewStepParams, *, by: int) -> ReviewPlace:
    runs = at.runs()
    left = sum(
        state in waiting.WAITS for _, task in waiting.open_tasks(runs) for state in _states(task)
    )
    if not left:
        return ReviewPlace(said=NOTHING)
    here = at.inside(params.uri) if params.uri else None
    line = params.position.line
    place = None
    if here is None or here.parent == at.bridge.dot.review:
        place = await _step_in_reviews(at, here, line, by=by)
    else:
        place = await _step_in_files(at, at.relative(here), line, by=by)
    return place.model_copy(update={"left": left})


def _states(task: TaskState) -> list[str]:
    return list(task.hunks.values())


async def _step_in_reviews(at: Workplace, here: Path | None, line: int, *, by: int) -> ReviewPlace:
    """From hunk to hunk of a document, and from document to document."""
    tasks = list(waiting.open_tasks(at.known_runs()))
    names = [f"{run}-{task.id}.diff" for run, task in tasks]
    mine = names.index(here.name) if here is not None and here.name in names else None
    if mine is not None and here is not None:
        spots = _waiting_in(_text(at, here), tasks[mine][1])
        if spots:
            spot = _beyond(spots, line, by=by)
            return _place(here, spot, spot.id)
    # what waits is not in the document as it is open, or another document is next
    start = mine if mine is not None else (0 if by > 0 else len(tasks) - 1)
    run_id, task = tasks[start]
    path = await _document(at, at.run(run_id), task)
    spots = _waiting_in(_text(at, path), task)
    if not spots:
        whole = next(name for name, state in task.hunks.items() if state in waiting.WAITS)
        return await _in_review(at, at.run(run_id), task, whole, line=0, said="")
    spot = spots[0 if by > 0 else -1]
    return _place(path, spot, spot.id)


async def _step_in_files(at: Workplace, here: str, line: int, *, by: int) -> ReviewPlace:
    """From hunk to hunk of a file, then of the files after it, round and round."""
    found = await to_thread.run_sync(waiting.Waiting().by_path, at.bridge.repo, at.known_runs())
    spots: list[tuple[str, int, str]] = []
    for path, hunks in found.items():
        text = _text(at, at.bridge.root / path)
        for one, lines in waiting.places(hunks, text):
            if one.waits:
                spots.append((path, lines[0] if lines else 0, one.hunk.id))
    spots.sort(key=lambda spot: spot[:2])
    if by > 0:
        path, _, name = next((s for s in spots if s[:2] > (here, line)), spots[0])
    else:
        path, _, name = next((s for s in reversed(spots) if s[:2] < (here, line)), spots[-1])
    place = await _in_file(at, path, found[path], name)
    if place is not None:
        return place
    run, task = locate(at.book, name)
    return await _in_review(at, run, task, name, line=0, said="")


async def _in_file(
    at: Workplace, path: str, hunks: list[waiting.OpenHunk], name: str
) -> ReviewPlace | None:
    """A hunk in the real file; None where there is no such file or no place in it."""
    real = at.bridge.root / path
    if at.bridge.editor.open_document(path) is None and not real.is_file():
        return None
    for one, lines in waiting.places(hunks, _text(at, real)):
        if one.hunk.id == name and lines is not None:
            return ReviewPlace(uri=real.as_uri(), line=lines[0], end_line=lines[1], hunk=name)
    return None


async def _in_proposal(at: Workplace, run: RunState, task: TaskState, name: str) -> ReviewPlace:
    def work() -> ReviewPlace:
        change = present_change(at.bridge.repo, run.id, task)
        hunk = find(change, name)
        if hunk is None:
            raise NotFoundError(f"hunk {name} stands as its parts", hint="show one of them")
        path = write_proposal(at.bridge.dot.path, at.bridge.repo, change, hunk)
        first = max(0, hunk.new_start - 1)
        last = max(first, first + hunk.new_lines - 1)
        return ReviewPlace(uri=path.as_uri(), line=first, end_line=last, hunk=name)

    return await to_thread.run_sync(work)


async def _in_review(
    at: Workplace, run: RunState, task: TaskState, name: str, *, line: int, said: str
) -> ReviewPlace:
    path = at.bridge.dot.review / f"{run.id}-{task.id}.diff"
    if at.bridge.editor.open_document(at.relative(path)) is None:
        path = await _document(at, run, task)
    for file in read_sections(_text(at, path)):
        for section in file.hunks:
            if section.id == name:
                on = section.numbered[line - 1] if 0 < line <= len(section.numbered) else None
                return _place(path, section, name, on=on, said=said)
    document = _text(at, path).split("\n")
    wanted = next((h.path for h in (task.change.hunks if task.change else ()) if h.id == name), "")
    heads = [n for n, text in enumerate(document) if text.rstrip("\r").endswith(f" b/{wanted}")]
    first = next((n for n in heads if "diff --git " in document[n]), 0)
    return ReviewPlace(uri=path.as_uri(), line=first, end_line=first, hunk=name, said=said)


async def _document(at: Workplace, run: RunState, task: TaskState) -> Path:
    return (await write_document(at, run, task))[1]


def _waiting_in(text: str, task: TaskState) -> list[HunkSection]:
    return [
        section
        for file in read_sections(text)
        for section in file.hunks
        if task.hunks.get(section.id) in waiting.WAITS
    ]


def _beyond(spots: list[HunkSection], line: int, *, by: int) -> HunkSection:
    """The one after a line, or before it; past the end it begins again."""
    if by > 0:
        return next((spot for spot in spots if spot.head > line), spots[0])
    return next((spot for spot in reversed(spots) if spot.last < line), spots[-1])


def _place(
    path: Path, section: HunkSection, name: str, *, on: int | None = None, said: str = ""
) -> ReviewPlace:
    line = section.head if on is None else on
    return ReviewPlace(uri=path.as_uri(), line=line, end_line=line, hunk=name, said=said)


def _text(at: Workplace, path: Path) -> str:
    """A file as it is typed, or as it is saved; empty when there is none."""
    open_ = at.bridge.editor.open_document(at.relative(path))
    if open_ is not None:
        return open_.text
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
