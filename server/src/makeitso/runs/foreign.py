"""Changes that no run made, under review: looked at first, recorded with the first mark.

A review of something else is a run that is all review: one task with a change. Whatever is done to
hunks, here or in an editor, is done to its hunks in the same way.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso import __version__
from makeitso.journal.conversation import at_this_moment
from makeitso.journal.foreign import open_review
from makeitso.journal.state import TaskState
from makeitso.protocol import events as ev
from makeitso.protocol.plan import NoManager, Task
from makeitso.review.carrying import renamed
from makeitso.runs.create import new_run_id, policies_in_force
from makeitso.runs.next_round import with_known
from makeitso.runs.overlapping import proposals_beside, with_overlaps
from makeitso.runs.proposing import proposed
from makeitso.workspace import changes, snapshots, trees

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.journal.state import RunState
    from makeitso.protocol.config import Config
    from makeitso.protocol.plan import RunOptions
    from makeitso.protocol.words import HunkState, Mark
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository
    from makeitso.workspace.sources import Found

_NAME_CHARS = 24
_COMMIT_CHARS = 12


@dataclass(frozen=True, kw_only=True)
class Review:
    """A change from elsewhere, as it stands for review or would."""

    run: str
    task: str
    round: int
    opening: ev.ReviewOpened | None
    """What would be recorded; None: it is, and the source has not moved since."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the journal says of a source at one moment; nothing of it changes any more.

    So what follows from it can be worked out elsewhere than where events are folded. Of two moments
    that are equal the same follows.
    """

    run: str
    """Id of its review, or the one that a review begun at that moment would have."""
    opened: ev.ReviewOpened | None
    """Its last round; None: it was never under review."""
    change: ev.ChangeProposed | None
    """The last round with what people edited in it."""
    task: TaskState | None
    """Its task as it stands for review."""
    finished: bool
    others: tuple[tuple[str, str, ev.ChangeProposed], ...]
    """Run, task and proposal of what is open beside it."""


def standing(book: Book, found: Found, *, now_ms: int) -> Standing:
    """What the runs say of a source now.

    Args:
        book: the runs.
        found: the source.
        now_ms: Unix milliseconds.
    """
    book.refresh()
    known = _known(book, found)
    opened = known.opened if known is not None else None
    task = known.tasks[opened.name] if known is not None and opened is not None else None
    run = known.id if known is not None else new_run_id(book.journal, now_ms=now_ms)
    name = opened.name if opened is not None else _name(found)
    return Standing(
        run=run,
        opened=opened,
        change=task.change if task is not None else None,
        task=at_this_moment(task) if task is not None else None,
        finished=known is not None and known.finished is not None,
        others=tuple(proposals_beside(book.runs, run, name)),
    )


def weigh(
    repo: Repository,
    found: Found,
    known: Standing,
    *,
    config: Config,
    options: RunOptions,
) -> Review:
    """What the review of a change is, or its next round if it has moved on.

    Nothing is recorded, and no journal is asked: this may be done in any thread.

    Args:
        repo: the repository.
        found: the change.
        known: what the journal says of it.
        config: the settings.
        options: what holds for runs here.

    Raises:
        EnvironmentFault: git failed.
    """
    last = known.opened
    name = last.name if last is not None else _name(found)
    if last is not None and not _moved(known, last, found):
        return Review(run=known.run, task=name, round=last.round, opening=None)
    source_tree = found.tree
    found = with_edits(repo, known, found)
    base = ev.SnapshotTaken(name="base", tree=found.base_tree, commit="", ref="", notes=found.notes)
    spec = Task(id=name, title=found.title, goal=found.summary)
    task = TaskState(id=name, spec=spec, digest="", base=base, change=known.change)
    change = proposed(repo, known.run, task, tree=found.tree, commit="")
    if known.task is not None:
        change = with_known(repo, known.run, known.task, change)
    touching = with_overlaps(
        repo,
        known.others,
        run_id=known.run,
        task_id=name,
        change=change.model_copy(update={"notes": found.notes}),
    )
    opening = ev.ReviewOpened(
        source=found.source,
        title=found.title,
        summary=found.summary,
        round=last.round + 1 if last is not None else 1,
        name=name,
        base=base,
        change=touching,
        source_tree=source_tree if source_tree != found.tree else "",
        carried=_carried(repo, known, found, change.moves),
        options=options.model_copy(
            update={
                "manager": NoManager(kind="none"),
                "yes": False,
                "budget_tokens": 0,
                "budget_s": 0,
            }
        ),
        policies=policies_in_force(config),
        version=__version__,
    )
    return Review(run=known.run, task=name, round=opening.round, opening=opening)


def stage(book: Book, repo: Repository, review: Review, *, now_ms: int) -> None:
    """Let the review be worked on as if it were recorded; the first thing done to it records it."""
    if review.opening is not None:
        open_review(book.runs, review.run, review.opening, at=now_ms)
        book.journal.before(review.run, lambda: _record(book, repo, review))


def record(book: Book, repo: Repository, review: Review) -> None:
    """Record the review or its next round; twice is the same as once.

    Raises:
        StoreError: a run was begun at the same moment; try again.
    """
    book.journal.before(review.run, None)
    _record(book, repo, review)


def _record(book: Book, repo: Repository, review: Review) -> None:
    if review.opening is not None:
        put_down(book, review, kept(repo, review, review.opening))


def kept(repo: Repository, review: Review, opening: ev.ReviewOpened) -> ev.ReviewOpened:
    """The round with its trees under refs, so that git does not forget them; asks no journal.

    Raises:
        EnvironmentFault: git failed.
    """
    number = f"-{review.round}" if review.round > 1 else ""
    base_ref, ref = (
        snapshots.ref_name(run=review.run, task=review.task, name=f"{name}{number}")
        for name in ("base", "proposal")
    )
    base = snapshots.keep(
        repo, opening.change.base_tree, ref=base_ref, parent=None, message=base_ref
    )
    commit = snapshots.keep(repo, opening.change.tree, ref=ref, parent=base, message=ref)
    return opening.model_copy(
        update={
            "base": opening.base.model_copy(update={"commit": base, "ref": base_ref}),
            "change": opening.change.model_copy(update={"commit": commit}),
        }
    )


def put_down(book: Book, review: Review, opening: ev.ReviewOpened) -> None:
    """Record a round whose trees are kept.

    Raises:
        StoreError: a run was begun at the same moment; try again.
    """
    journal = book.journal

    def guard() -> str | None:
        begun = review.round == 1 and review.run in journal.run_ids()
        return f"{review.run} was begun just now; try again" if begun else None

    journal.append(opening, actor="person", run=review.run, task=review.task, guard=guard)


def _known(book: Book, found: Found) -> RunState | None:
    """The newest review of the same source."""
    for run in reversed(book.runs.values()):
        if run.opened is not None and run.opened.source.key == found.source.key:
            return run
    return None


def _moved(known: Standing, last: ev.ReviewOpened, found: Found) -> bool:
    """Whether a review of the source needs another round: it is another change, or was put away."""
    if (last.change.base_tree, _source_tree(last)) != (found.base_tree, found.tree):
        return True
    return known.finished and bool({"pending", "conflict"} & _states(known))


def _states(known: Standing) -> set[HunkState]:
    return set(known.task.hunks.values()) if known.task is not None else set()


def _source_tree(opened: ev.ReviewOpened) -> str:
    """What the source was in a round, without what people made of it here."""
    return opened.source_tree or opened.change.tree


def with_edits(repo: Repository, known: Standing, found: Found) -> Found:
    """What a source is now, with what people edited in the round before laid over it.

    Three-way, file by file. What does not fit stays where it is kept, and a note says where.

    Raises:
        EnvironmentFault: git failed.
    """
    opened, mine = known.opened, known.change
    if opened is None or mine is None or mine.tree == _source_tree(opened):
        return found
    from makeitso.landing.carry import Stays, carry_entries
    from makeitso.landing.committing import difference

    now = trees.entries(repo, found.tree)
    laid: dict[str, trees.Entry | None] = {}
    notes: list[str] = []
    edited = difference(repo, _source_tree(opened), mine.tree)
    carried = carry_entries(repo, {path: (now.get(path), *both) for path, both in edited.items()})
    for path, entry in carried.items():
        if isinstance(entry, Stays):
            kept = f"git show {mine.commit[:_COMMIT_CHARS]}:{path}"
            notes.append(f"{path}: what you edited does not fit what came since; `{kept}` has it")
        elif entry != now.get(path):
            laid[path] = entry
    tree = trees.with_entries(repo, found.tree, laid) if laid else found.tree
    return dataclasses.replace(found, tree=tree, notes=(*found.notes, *notes))


def _name(found: Found) -> str:
    """A short word for the source, another one for each, that can be the name of a task."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", found.source.name.rpartition("/")[2]).strip("-")
    word = plain if plain[:1].isalpha() and plain.isascii() else f"{found.source.kind}-{plain}"
    mark = hashlib.sha256(found.source.key.encode("utf-8", "surrogatepass")).hexdigest()[:4]
    return f"{word[:_NAME_CHARS].strip('-')}-{mark}"


def _carried(
    repo: Repository, known: Standing, found: Found, moved: Mapping[str, str]
) -> dict[str, Mark]:
    """Marks on what the last round said, by the ids that it has on the base of now."""
    opened, last, task = known.opened, known.change, known.task
    if opened is None or last is None or task is None or opened.change.base_tree == found.base_tree:
        return {}
    before, after = (
        changes.between(repo, base, tree, run=known.run, task=opened.name, moves=moves)
        for base, tree, moves in (
            (last.base_tree, last.tree, last.moves),
            (found.base_tree, found.tree, moved),
        )
    )
    marks: dict[str, Mark] = {}
    for new, old in renamed(before, after).items():
        state = task.hunks.get(old)
        if state is not None:
            marks[new] = state if state == "accepted" or state == "rejected" else "pending"
    return marks
