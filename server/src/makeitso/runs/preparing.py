"""Preparing a worktree: files that git ignores copied in, set-up, and the files of its base again.

Everything here happens on the base of a task, before a worker is in the worktree or, when it had to
be made anew, before the worker's files are put back: set-up may have the network, and a worker's
files must never steer it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.protocol import events as ev
from makeitso.runs.outlook import doubts, not_copied, refusal
from makeitso.runs.setting_up import set_up
from makeitso.workspace import worktrees
from makeitso.workspace.bringing import Chosen, bring, choose
from makeitso.workspace.git_process import GitPlace
from makeitso.workspace.ignored import ignored, some
from makeitso.workspace.restore import restore
from makeitso.workspace.sharing import unshare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from makeitso.protocol.events import SnapshotTaken
    from makeitso.runs.context import Context
    from makeitso.workspace.copying import Copied
    from makeitso.workspace.worktrees import Worktree


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What was copied into a worktree."""

    chosen: Chosen = field(default_factory=Chosen)
    paths: Mapping[str, int] = field(default_factory=dict[str, int])
    """Each file and link with its size, directories with -1."""
    bytes_: int = 0

    @property
    def files(self) -> int:
        """How many files and links."""
        return sum(size >= 0 for size in self.paths.values())


async def prepare(
    ctx: Context,
    task_id: str,
    worktree: Worktree,
    base: SnapshotTaken,
    *,
    nobody: Callable[[], bool],
) -> None:
    """Make a worktree ready for work and record that it is; a crash before that does it again.

    Raises:
        Unanswered: a person must decide on the network first, and nobody is there.
        EnvironmentFault: a set-up command failed, or what is to be copied cannot be.
    """
    begun = bool(ctx.task(task_id).setup_done)  # what commands changed since is not copied over
    brought = Brought() if begun else await _bring(ctx, task_id, worktree)
    setup = await set_up(ctx, task_id, worktree, base, brought=brought, nobody=nobody)
    if ctx.ports.config.bootstrap.commands:
        await to_thread.run_sync(unshare, worktree.path)
    await _put_back(ctx, task_id, worktree, base)
    ctx.append(
        ev.WorktreePrepared(copied=brought.files, copied_bytes=brought.bytes_, setup=setup),
        task=task_id,
        phase="bootstrap",
    )


async def _bring(ctx: Context, task_id: str, worktree: Worktree) -> Brought:
    globs, root = ctx.ports.config.bootstrap.copy_, ctx.ports.places.root
    if not globs:
        return Brought()

    def copy() -> tuple[Chosen, Copied]:
        place = GitPlace(git_dir=ctx.ports.repo.git_dir, work_tree=root)
        chosen = choose(place, root, globs, among=ignored(place))
        copied = bring(root, worktree.path, chosen, refuse=refusal(ctx.ports.redactor))
        files = (path for path, size in copied.paths.items() if size >= 0)
        worktrees.set_private(worktree, files)
        return chosen, copied

    chosen, copied = await to_thread.run_sync(copy)
    for doubt in doubts(chosen):
        ctx.note_once(doubt, task=task_id, level="warning")
    for text in not_copied(copied.left_out):
        ctx.note_once(text, task=task_id, level="warning")
    bound = [path for path in copied.holding if path not in copied.left_out]
    if bound:
        ctx.note_once(
            f"copied files name the workspace by its full path: {some(bound)}; what they start or"
            " read is the workspace's, not the worktree's. Let `[bootstrap] commands` make them",
            task=task_id,
            level="warning",
        )
    ctx.ports.fault("setup.copied")
    return Brought(chosen=chosen, paths=copied.paths, bytes_=copied.bytes_)


async def _put_back(ctx: Context, task_id: str, worktree: Worktree, base: SnapshotTaken) -> None:
    """Take out what set-up wrote and git does not ignore; put the newest round's files there."""
    repo, rounds = ctx.ports.repo, ctx.task(task_id).round_trees
    wrote = await to_thread.run_sync(restore, repo, worktree, base.tree)
    if wrote:
        ctx.note_once(
            f"set-up wrote what git does not ignore, and it is taken out again: {some(wrote)}."
            " Add it to .gitignore, or let a check make it",
            task=task_id,
            level="warning",
        )
    if rounds:
        await to_thread.run_sync(restore, repo, worktree, rounds[-1])
