"""The tree a task starts from: the workspace, and what earlier tasks propose and did not land."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.building import layers
from makeitso.landing.onto_tree import lay
from makeitso.protocol import events as ev
from makeitso.runs.reviewing import present_change
from makeitso.workspace import snapshots

if TYPE_CHECKING:
    from makeitso.landing.per_file import Conflict
    from makeitso.runs.context import Context


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base that was built, and what of the earlier tasks did not fit into it."""

    snapshot: ev.SnapshotTaken
    conflicts: tuple[Conflict, ...]


async def build_base(ctx: Context, task_id: str, *, name: str = "base") -> Base:
    """Build the base of a task from the workspace and the hunks it is to be built on.

    Nothing lands meanwhile, so that no hunk is missing or in it twice.

    Raises:
        EnvironmentFault: git failed.
    """
    async with ctx.ports.landing:
        run = ctx.run
        on = layers(run, run.tasks[task_id])
        earlier = [(run.tasks[layer.task], layer) for layer in on]

        def build() -> Base:
            repo, root = ctx.ports.repo, ctx.ports.places.root
            taken = snapshots.take(repo, root, run=ctx.run_id, task=task_id, name=name)
            tree, conflicts = taken.tree, list["Conflict"]()
            for task, layer in earlier:
                change = present_change(repo, ctx.run_id, task)
                laid = lay(repo, tree, change, frozenset(layer.hunks))
                tree = laid.tree
                conflicts += laid.conflicts
            commit = taken.commit
            if tree != taken.tree:
                commit = snapshots.keep(
                    repo,
                    tree,
                    ref=taken.ref,
                    parent=taken.commit,
                    message=f"{ctx.run_id}/{task_id}: {name} on {', '.join(b.task for b in on)}",
                )
            return Base(
                snapshot=ev.SnapshotTaken(
                    name="base", tree=tree, commit=commit, ref=taken.ref, notes=taken.notes, on=on
                ),
                conflicts=tuple(conflicts),
            )

        return await to_thread.run_sync(build)


async def ready_to_start(ctx: Context, task_id: str) -> bool:
    """Make ready what a task is built on, before it starts; False: it cannot start now.

    A task that is built on nothing takes its base when it starts.
    """
    run, task = ctx.run, ctx.task(task_id)
    if not layers(run, task) and task.base is None:
        return True
    base = await build_base(ctx, task_id)
    run, task = ctx.run, ctx.task(task_id)
    if base.conflicts:
        ctx.append(
            ev.TaskHeld(until=tuple(b.task for b in base.snapshot.on), reason=why_not(base)),
            task=task_id,
        )
        ctx.note(f"waits: {why_not(base)}", task=task_id, level="warning")
        return False
    if layers(run, task) != base.snapshot.on:
        return False  # marked or edited meanwhile: looked at again
    ctx.append(base.snapshot, task=task_id)
    for note in base.snapshot.notes:
        ctx.note(note, task=task_id)
    if base.snapshot.on:
        names = ", ".join(b.task for b in base.snapshot.on)
        ctx.note(f"starts from what {names} proposes", task=task_id)
    return True


def why_not(base: Base) -> str:
    """What does not fit together in a base, in words."""
    names = " and ".join(b.task for b in base.snapshot.on)
    paths = ", ".join(dict.fromkeys(f"{c.path} ({c.reason})" for c in base.conflicts))
    return f"what {names} propose does not fit together yet: {paths}"
