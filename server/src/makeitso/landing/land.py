"""Accepted hunks into the workspace: computed, then written as one transaction or not at all.

`prepare` reads and merges, `commit` writes, `recover` ends what a crash interrupted. A landing is
remembered on disk until `forget`, so that the journal hears of it whatever happens between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from pydantic import Field

from makeitso.errors import ConflictError, StateError
from makeitso.landing import fitting, kept, recovery, transaction
from makeitso.landing.carry import Content
from makeitso.landing.committing import branch_tip, commit_onto, head_tip
from makeitso.landing.editor import NoEditor
from makeitso.landing.git_side import GitSide, staged
from makeitso.landing.hooked import with_hooks
from makeitso.landing.text_edits import apply_edits
from makeitso.protocol.base import Wire
from makeitso.protocol.change import Landing
from makeitso.protocol.events_review import LandingUndone
from makeitso.review import marks
from makeitso.workspace import files, index_file
from makeitso.workspace.trees import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from makeitso.landing.editor import Editor, FileEdit, OpenText
    from makeitso.landing.intent import Write
    from makeitso.landing.per_file import Conflict
    from makeitso.protocol.change import Change
    from makeitso.protocol.words import LandTarget
    from makeitso.workspace.git import Repository


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a landing with a commit needs to know, and others do not look at."""

    message: str
    """Of the commit."""
    branch: str
    """Name of the branch apart, without `refs/heads/`."""
    start: str | None
    """Commit that branch begins at; None: its first commit has no parent."""


@dataclass(frozen=True, kw_only=True)
class LandingPlan:
    """What a landing would do, with all it was computed from bound to it by fingerprints."""

    id: str
    run: str
    task: str
    target: LandTarget
    writes: tuple[Write, ...]
    edits: tuple[FileEdit, ...]
    landed: tuple[str, ...]
    """Hunks that will be in the workspace; also those that are there already."""
    conflicts: tuple[Conflict, ...]
    merged: bool
    git: GitSide = field(default_factory=GitSide)
    commit: str | None = None
    branch: str | None = None
    committed: tuple[str, ...] = ()
    """Paths in the commit."""
    kept: str | None = None
    notes: tuple[str, ...] = field(default=())

    def landing(self) -> Landing:
        """The record of it, once it is done."""
        paths = {write.path for write in self.writes} | {edit.path for edit in self.edits}
        paths |= {one.path for one in self.git.index} | set(self.committed)
        return Landing(
            id=self.id,
            run=self.run,
            task=self.task,
            landed=self.landed,
            conflicts=tuple(conflict.hunk for conflict in self.conflicts),
            files=tuple(sorted(paths)),
            merged=self.merged,
            target=self.target,
            commit=self.commit,
            branch=self.branch,
            kept=self.kept,
        )


class _Payload(Wire):
    """What the transaction remembers for us."""

    landing: Landing | None = Field(default=None, description="The record, as if all went well.")
    undone: LandingUndone | None = Field(default=None, description="The same of an undo.")
    in_editor: tuple[str, ...] = Field(description="Paths that were to be edited in an editor.")


@dataclass(frozen=True, kw_only=True)
class RecoveredLanding:
    """What became of a landing that a crash interrupted.

    landed: everything is in place; undone: nothing is in the files; stuck: a file is neither old
    nor new, nothing was touched, and a person must look.
    """

    id: str
    outcome: recovery.Outcome
    landing: Landing | None
    """The record; None when the crash came before there was one, or it took a landing back."""
    undone: LandingUndone | None
    """The record where it took a landing back."""
    uncertain: tuple[str, ...]
    """Paths whose edits an editor may or may not have taken. Landing them again is harmless."""
    reason: str


async def prepare(
    repo: Repository,
    change: Change,
    *,
    id: str,  # noqa: A002 -- the field's word
    editor: Editor | None = None,
    target: LandTarget = "files",
    wording: Wording | None = None,
) -> LandingPlan:
    """Compute what landing the accepted hunks of a change means. Writes nothing to the workspace.

    The states in the change say what is accepted and what has landed before. `id` names the
    landing; it must be new. For a target with a commit, `wording` says which; the commit is made
    here, hooks and all, and nothing points at it yet.

    Raises:
        StateError: the task is held: a protected hunk of it is undecided; or no commit could be
            made: a hook refused it, a merge is under way, its branch is checked out elsewhere.
        EnvironmentFault: git failed.
    """
    if held := marks.held(change):
        names = ", ".join(sorted({hunk.path for hunk in held}))
        raise StateError(
            f"Task {change.task} is held: a person has to decide on {names} first.",
            hint="Accept or reject those hunks; then the rest can land.",
        )
    door = editor or NoEditor()
    wanted = [file for file in change.files if any(hunk.state == "accepted" for hunk in file.hunks)]
    names = [name for file in wanted for name in (file.path, file.origin) if name is not None]
    documents = {name: door.open_document(name) for name in names}

    def compute() -> LandingPlan:
        return _compute(repo, change, documents, name=id, target=target, wording=wording)

    return await to_thread.run_sync(compute)


async def commit(
    plan: LandingPlan,
    *,
    root: Path,
    editor: Editor | None = None,
    fault: Callable[[str], None] | None = None,
) -> Landing:
    """Write a plan: open documents through the editor, other files by atomic renames.

    `fault` is called with the name of each point a crash may hit. The landing is remembered until
    `forget(root, id)`: record the outcome first.

    Raises:
        ConflictError: a file or document changed since `prepare`; nothing was written.
        StoreError: the disk refused; nothing was written.
    """
    landing = plan.landing()
    await write(
        root,
        id=plan.id,
        writes=plan.writes,
        edits=plan.edits,
        git=plan.git,
        payload=_Payload(landing=landing, in_editor=tuple(edit.path for edit in plan.edits)),
        label=f"Land {plan.task}",
        editor=editor,
        fault=fault,
    )
    return landing


async def write(
    root: Path,
    *,
    id: str,  # noqa: A002 -- the field's word
    writes: tuple[Write, ...],
    edits: tuple[FileEdit, ...],
    git: GitSide,
    payload: _Payload,
    label: str,
    editor: Editor | None,
    fault: Callable[[str], None] | None,
) -> None:
    """One transaction: files, edits of open documents, the index and a ref, or none of it.

    Raises:
        ConflictError: something changed since it was computed; nothing was written.
        StoreError: the disk refused; nothing was written.
        EnvironmentFault: git failed; nothing was written.
    """
    point = fault or _no_fault

    def stage() -> Path:
        return transaction.stage(
            root, writes, id=id, payload=payload.model_dump_json(), fault=point, git=git
        )

    home = await to_thread.run_sync(stage)
    try:
        point("landing.editor")
        taken = await _edit(edits, editor or NoEditor(), label=label)
    except BaseException:
        transaction.drop(root, home)
        raise
    if not taken:
        transaction.drop(root, home)
        raise ConflictError(
            "The editor did not take the edits; nothing was written.",
            hint="Land again: it will be merged with what changed.",
        )
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(lambda: transaction.finish(root, home, fault=point))


def payload_of_undo(undone: LandingUndone, edits: Iterable[FileEdit]) -> _Payload:
    """What a transaction that takes a landing back remembers."""
    return _Payload(undone=undone, in_editor=tuple(edit.path for edit in edits))


def recover(
    root: Path, *, fault: Callable[[str], None] | None = None
) -> tuple[RecoveredLanding, ...]:
    """End every landing a crash interrupted; the owner of the workspace calls it at start.

    Landed and stuck ones are reported again until they are forgotten.
    """
    return tuple(_recovered(item) for item in recovery.recover_all(root, fault=fault or _no_fault))


def forget(root: Path, id: str) -> None:  # noqa: A002 -- the field's word
    """Drop the memory of a landing, after its outcome is recorded elsewhere."""
    transaction.drop(root, root / transaction.DIRECTORY / id)


async def _edit(edits: tuple[FileEdit, ...], editor: Editor, *, label: str) -> bool:
    """Hand the edits over, unless a document has moved on since they were computed."""
    if not edits:
        return True
    for edit in edits:
        document = editor.open_document(edit.path)
        if document is None or document.version != edit.version:
            return False
    return await editor.apply(edits, label=label)


def _compute(
    repo: Repository,
    change: Change,
    documents: Mapping[str, OpenText | None],
    *,
    name: str,
    target: LandTarget,
    wording: Wording | None,
) -> LandingPlan:
    tip = None
    if target == "commit":
        tip = head_tip(repo)
    elif target == "branch" and wording is not None:
        tip = branch_tip(repo, wording.branch, start=wording.start)
    present = index_file.read(repo) if target in ("index", "commit") else None
    places = fitting.Places(
        documents=documents if target != "branch" else None,
        index=present,
        tip=entries(repo, tip.tree) if tip is not None else None,
        tip_name=tip.where if tip is not None else "",
    )
    found = fitting.fit(repo, change, places)
    writes = tuple(write for plan in found.plans for write in plan.writes)
    edits = tuple(plan.edit for plan in found.plans if plan.edit is not None)
    index, made = dict(found.index), None
    if tip is not None and wording is not None:
        made = commit_onto(
            repo,
            tip,
            found.tip,
            message=wording.message,
            name=name,
            reason=f"makeitso: land {name}",
        )
    if made is not None and present is not None:
        writes, index = with_hooks(
            repo,
            made,
            writes=writes,
            edited=[edit.path for edit in edits],
            index=index,
            present=present,
        )
    side = GitSide(index=staged(present or {}, index), ref=made.moved if made is not None else None)
    kept_tree = None
    touched = [*map(_touched, writes), *_edited(edits, documents, writes, root=repo.root)]
    if touched or side.index:
        kept_tree = kept.keep(
            repo, run=change.run, task=change.task, name=name, touched=touched, index=side.index
        )
    return LandingPlan(
        id=name,
        run=change.run,
        task=change.task,
        target=target,
        writes=writes,
        edits=edits,
        landed=found.landed,
        conflicts=found.conflicts,
        merged=any(plan.merged for plan in found.plans),
        git=side,
        commit=made.commit if made is not None else None,
        branch=tip.branch if made is not None and tip is not None else None,
        committed=tuple(found.tip) if made is not None else (),
        kept=kept_tree,
    )


def _touched(write: Write) -> kept.Touched:
    before = Content(write.old.data, write.old.executable) if write.old is not None else None
    return kept.Touched(
        path=write.path,
        before=before,
        after=Content(write.new, write.executable) if write.new is not None else None,
        permissions=write.old.permissions if write.old is not None and write.new is None else None,
    )


def _edited(
    edits: Iterable[FileEdit],
    documents: Mapping[str, OpenText | None],
    writes: Iterable[Write],
    *,
    root: Path,
) -> Iterable[kept.Touched]:
    """Open documents as they are and will be; a write of the same file is about its mode alone."""
    modes = {write.path: write for write in writes}
    for edit in edits:
        document, write = documents[edit.path], modes.get(edit.path)
        if document is None:
            continue
        disk = write.old if write is not None else files.read(root, edit.path)
        before = disk is not None and disk.executable
        yield kept.Touched(
            path=edit.path,
            before=Content(_bytes(document.text), before),
            after=Content(
                _bytes(apply_edits(document.text, edit.edits)),
                write.executable if write is not None else before,
            ),
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _recovered(item: recovery.Recovered) -> RecoveredLanding:
    payload = _Payload.model_validate_json(item.payload) if item.payload else None
    uncertain = payload.in_editor if payload is not None and item.outcome == "undone" else ()
    return RecoveredLanding(
        id=item.id,
        outcome=item.outcome,
        landing=payload.landing if payload is not None else None,
        undone=payload.undone if payload is not None else None,
        uncertain=uncertain,
        reason=item.reason,
    )


def _no_fault(_: str) -> None:
    """Nothing happens at a named point outside tests."""
