"""Accepted hunks into the workspace: computed, then written as one transaction or not at all.

`prepare` reads and merges, `commit` writes, `recover` ends what a crash interrupted. A landing is
remembered on disk until `forget`, so that the journal hears of it whatever happens between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import anyio
from anyio import to_thread
from pydantic import Field

from makeitso.errors import ConflictError, NotYetError, StateError
from makeitso.landing import recovery, transaction
from makeitso.landing.editor import NoEditor
from makeitso.landing.per_file import Conflict, FilePlan, Present, plan_file
from makeitso.landing.published import dirty_elsewhere
from makeitso.protocol.base import Wire
from makeitso.protocol.change import Landing
from makeitso.review import marks
from makeitso.workspace import blobs, git_convert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from makeitso.landing.editor import Editor, FileEdit, OpenText
    from makeitso.landing.intent import Write
    from makeitso.protocol.change import Change, ChangedFile
    from makeitso.workspace.git import Repository

Target = Literal["files", "index", "commit"]


@dataclass(frozen=True, kw_only=True)
class LandingPlan:
    """What a landing would do, with all it was computed from bound to it by fingerprints."""

    id: str
    run: str
    task: str
    target: Target
    writes: tuple[Write, ...]
    edits: tuple[FileEdit, ...]
    landed: tuple[str, ...]
    """Hunks that will be in the workspace; also those that are there already."""
    conflicts: tuple[Conflict, ...]
    merged: bool
    notes: tuple[str, ...] = field(default=())

    def landing(self) -> Landing:
        """The record of it, once it is done."""
        paths = {write.path for write in self.writes} | {edit.path for edit in self.edits}
        return Landing(
            id=self.id,
            run=self.run,
            task=self.task,
            landed=self.landed,
            conflicts=tuple(conflict.hunk for conflict in self.conflicts),
            files=tuple(sorted(paths)),
            merged=self.merged,
            target=self.target,
        )


class _Payload(Wire):
    """What the transaction remembers for us."""

    landing: Landing = Field(description="The record, as if all went well.")
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
    """The record; None when the crash came before there was one."""
    uncertain: tuple[str, ...]
    """Paths whose edits an editor may or may not have taken. Landing them again is harmless."""
    reason: str


async def prepare(
    repo: Repository,
    change: Change,
    *,
    id: str,  # noqa: A002 -- the field's word
    editor: Editor | None = None,
    target: Target = "files",
) -> LandingPlan:
    """Compute what landing the accepted hunks of a change means. Writes nothing to the workspace.

    The states in the change say what is accepted and what has landed before. `id` names the
    landing; it must be new.

    Raises:
        StateError: the task is held: a protected hunk of it is undecided.
        NotYetError: the target is not built yet.
        EnvironmentFault: git failed.
    """
    if target != "files":
        raise NotYetError(
            f'Landing into "{target}" is not built yet.', hint='Set [review] target = "files".'
        )
    if held := marks.held(change):
        names = ", ".join(sorted({hunk.path for hunk in held}))
        raise StateError(
            f"Task {change.task} is held: a person has to decide on {names} first.",
            hint="Accept or reject those hunks; then the rest can land.",
        )
    door = editor or NoEditor()
    wanted = [file for file in change.files if any(hunk.state == "accepted" for hunk in file.hunks)]
    documents = {file.path: door.open_document(file.path) for file in wanted}
    plans = await to_thread.run_sync(_compute, repo, wanted, documents)
    return LandingPlan(
        id=id,
        run=change.run,
        task=change.task,
        target=target,
        writes=tuple(plan.write for plan in plans if plan.write is not None),
        edits=tuple(plan.edit for plan in plans if plan.edit is not None),
        landed=tuple(name for plan in plans for name in plan.landed),
        conflicts=tuple(conflict for plan in plans for conflict in plan.conflicts),
        merged=any(plan.merged for plan in plans),
    )


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
    point = fault or _no_fault
    payload = _Payload(landing=plan.landing(), in_editor=tuple(edit.path for edit in plan.edits))

    def staged() -> Path:
        return transaction.stage(
            root, plan.writes, id=plan.id, payload=payload.model_dump_json(), fault=point
        )

    home = await to_thread.run_sync(staged)
    try:
        point("landing.editor")
        taken = await _edit(plan, editor or NoEditor())
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
    return payload.landing


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


async def _edit(plan: LandingPlan, editor: Editor) -> bool:
    """Hand the edits over, unless a document has moved on since they were computed."""
    if not plan.edits:
        return True
    for edit in plan.edits:
        document = editor.open_document(edit.path)
        if document is None or document.version != edit.version:
            return False
    return await editor.apply(plan.edits, label=f"Land {plan.task}")


def _compute(
    repo: Repository, wanted: Sequence[ChangedFile], documents: Mapping[str, OpenText | None]
) -> list[FilePlan]:
    elsewhere = dirty_elsewhere(repo.root)
    plain = [file.path for file in wanted if not file.refused]
    conversions = git_convert.conversions(repo, plain)
    needed = [blob for file in wanted for blob in (file.base_blob, file.new_blob) if blob]
    contents = blobs.read(repo, needed) if needed else {}
    return [
        plan_file(
            repo,
            file,
            contents=contents,
            present=Present(document=documents[file.path], elsewhere=elsewhere.get(file.path)),
            conversion=conversions.get(file.path, git_convert.Conversion()),
        )
        for file in wanted
    ]


def _recovered(item: recovery.Recovered) -> RecoveredLanding:
    payload = _Payload.model_validate_json(item.payload) if item.payload else None
    uncertain = payload.in_editor if payload is not None and item.outcome == "undone" else ()
    return RecoveredLanding(
        id=item.id,
        outcome=item.outcome,
        landing=payload.landing if payload is not None else None,
        uncertain=uncertain,
        reason=item.reason,
    )


def _no_fault(_: str) -> None:
    """Nothing happens at a named point outside tests."""
