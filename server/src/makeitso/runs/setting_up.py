"""Set-up commands: run in a fresh worktree, or what they made before put there instead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import EnvironmentFault
from makeitso.policy.digest import approval_digest
from makeitso.policy.environments import kind_of, only_environments
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask, decided
from makeitso.runs.cannot_run import wants_network
from makeitso.runs.rounds.endings import Unanswered
from makeitso.workspace import setups
from makeitso.workspace.git_process import GitPlace
from makeitso.workspace.ignored import ignored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from makeitso.protocol.events import SnapshotTaken
    from makeitso.runs.context import Context
    from makeitso.runs.preparing import Brought
    from makeitso.workspace.worktrees import Worktree

Stamps = dict[str, tuple[int, int, int]]
"""Size, time of change of the inode, and inode of files and directories."""


async def set_up(
    ctx: Context,
    task_id: str,
    worktree: Worktree,
    base: SnapshotTaken,
    *,
    brought: Brought,
    nobody: Callable[[], bool],
) -> str:
    """Run the set-up commands that have not passed yet, or put there what they made before.

    Returns the name of the kept set-up it came from, or that was kept of it; empty: none.

    Raises:
        Unanswered: a person must decide on the network first, and nobody is there.
        EnvironmentFault: a command failed, or the sandbox is unavailable.
    """
    commands = ctx.ports.config.bootstrap.commands
    if not commands:
        return ""
    fresh = not ctx.task(task_id).setup_done
    keys: tuple[str, ...] = ()
    if fresh:
        keys = await to_thread.run_sync(_keys, ctx, worktree, base, brought)
        found = setups.find(ctx.ports.places.setups, keys)
        if found is not None and await _reuse(ctx, task_id, worktree, found):
            return found
    network = await _network(ctx, task_id, base, nobody)
    before = await to_thread.run_sync(_stamps, worktree.path, brought.chosen.paths)
    await _run(ctx, task_id, worktree.path, network=network)
    if not fresh:
        return ""  # a part of it ran before a crash: whether that is whole, nobody knows
    if base.on or network != (ctx.ports.config.bootstrap.network == "auto"):
        return ""  # a worker's files may have steered it, or it is not what its name would say
    key, reason = await to_thread.run_sync(_keep, ctx, worktree, keys, brought, before)
    if reason:
        ctx.note_once(f"what set-up made is not kept for other worktrees: {reason}", task=task_id)
    return key


async def _network(
    ctx: Context, task_id: str, base: SnapshotTaken, nobody: Callable[[], bool]
) -> bool:
    """Whether they have the network.

    `--halt-on network` makes that a question of the run. So does a base that holds what another
    task proposes: what set-up runs may then be what a worker wrote and nobody has looked at.
    """
    settings = ctx.ports.config.bootstrap
    if settings.network != "auto":
        return False
    if "network" not in ctx.run.options.halt_on and not base.on:
        return True
    on = f", on what {' and '.join(b.task for b in base.on)} proposes" if base.on else ""
    subject = f"set-up with the network{on}: {'; '.join(settings.commands)}"
    digest = approval_digest("command", f"{subject}\n{base.tree if base.on else ''}")
    for known in reversed(ctx.run.approvals.values()):
        if known.digest == digest and known.state in ("granted", "denied"):
            return known.state == "granted"
    asked = ask(
        ctx,
        kind="command",
        subject=subject,
        detail=(
            f"They run what stands in {on.removeprefix(', on ')}; nobody accepted that yet."
            if on
            else "[bootstrap] network is auto, and --halt-on network asks."
        )
        + " Denied, they run without the network.",
        digest=digest,
        tasks=(task_id,),
        scopes=("run",),
    )
    answered = await decided(ctx, asked.id, unless=nobody)
    if answered is None:
        raise Unanswered
    return answered.state == "granted"


def _keys(
    ctx: Context, worktree: Worktree, base: SnapshotTaken, brought: Brought
) -> tuple[str, ...]:
    """Names of what would fit: what follows from the lock files alone, then from the whole base."""
    files = (path for path, size in brought.paths.items() if size >= 0)
    facts = setups.Facts(
        commands=ctx.ports.config.bootstrap.commands,
        network=ctx.ports.config.bootstrap.network == "auto",
        sandboxed=ctx.ports.setup.sandboxed,
        locks=setups.lock_files(ctx.ports.repo, base.tree),
        copied=tuple((path, *_size_and_time(worktree.path / path)) for path in sorted(files)),
        tools=setups.tools(),
    )
    narrow = facts.key(tree=base.tree)
    return (facts.key(), narrow) if facts.locks else (narrow,)


def _size_and_time(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_size, 0 if path.is_symlink() else status.st_mtime_ns


async def _reuse(ctx: Context, task_id: str, worktree: Worktree, key: str) -> bool:
    """Put there what is kept; False: it is damaged, gone now, and the commands must run."""
    started = ctx.ports.clock.now_ms()
    try:
        await to_thread.run_sync(setups.restore, ctx.ports.places.setups, key, worktree.path)
    except EnvironmentFault as error:
        await to_thread.run_sync(setups.drop, ctx.ports.places.setups, key)
        ctx.note(f"{error.message}; it is made again", task=task_id, level="warning")
        return False
    ctx.ports.fault("setup.restored")
    took = max(0, ctx.ports.clock.now_ms() - started)
    for command in ctx.ports.config.bootstrap.commands:
        ran = ev.SetupRan(command=command, exit_code=0, duration_ms=took, reused=True)
        _record(ctx, task_id, ran)
    return True


async def _run(ctx: Context, task_id: str, root: Path, *, network: bool) -> None:
    commands, done = ctx.ports.config.bootstrap.commands, ctx.task(task_id).setup_done
    passed = len(done) if tuple(done) == commands[: len(done)] else 0
    for command in commands[passed:]:
        ctx.door.output(task_id, "setup", f"$ {command}\n")
        redaction = ctx.ports.redactor.stream()

        def show(clean: bytes) -> None:
            if clean:
                ctx.door.output(task_id, "setup", clean.decode("utf-8", "replace"))

        async def on_output(channel: str, data: bytes) -> None:
            del channel  # people read both as one
            show(redaction.feed(data))  # noqa: B023 -- it is called before the next round

        outcome = await ctx.ports.setup.run(
            command,
            cwd=root,
            root=root,
            timeout_s=ctx.ports.config.workers.codex.wall_timeout_s or 3600.0,
            network=network,
            on_output=on_output,
        )
        show(redaction.close())
        ran = ev.SetupRan(
            command=command,
            exit_code=outcome.exit_code,
            duration_ms=outcome.duration_ms,
            tail=ctx.ports.redactor.text(outcome.tail),
        )
        _record(ctx, task_id, ran)
        if outcome.exit_code != 0:
            raise _failed(ctx, ran, network=network)


def _record(ctx: Context, task_id: str, ran: ev.SetupRan) -> None:
    ctx.append(ran, task=task_id, phase="bootstrap")


def _failed(ctx: Context, ran: ev.SetupRan, *, network: bool) -> EnvironmentFault:
    how = "took too long" if ran.exit_code is None else f"failed with exit status {ran.exit_code}"
    last = next((line.strip() for line in reversed(ran.tail.splitlines()) if line.strip()), "")
    hint = "try it by hand in a fresh clone; set-up can write its worktree and TMPDIR, nothing else"
    if not network and wants_network(ran.tail):
        hint = 'it found no network: `[bootstrap] network = "auto"` in your config gives it one'
    said = f": {ctx.ports.redactor.text(last[:300])}" if last else ""
    return EnvironmentFault(f"`{ran.command}` {how}{said}", hint=hint)


def _keep(
    ctx: Context, worktree: Worktree, keys: Sequence[str], brought: Brought, before: Stamps
) -> tuple[str, str]:
    """Keep what the commands made for the next worktree: under which name, else why not."""
    place = GitPlace(
        git_dir=ctx.ports.repo.git_dir, work_tree=worktree.path, index=worktree.private_index
    )
    copied = brought.chosen.paths
    roots = [
        path
        for path in ignored(place)
        if kind_of(path) != "leavings" and path.rstrip("/") not in copied
    ]
    mixed = next((p for c in copied for p in roots if c.startswith(p)), "")
    if mixed:
        return "", f"{mixed} holds copied files as well"
    if _stamps(worktree.path, copied) != before:
        return "", "it changes files that `[bootstrap] copy` brings"
    if not roots:
        return "", ""
    key = keys[0] if only_environments(roots) else keys[-1]
    places, limits = ctx.ports.places, ctx.ports.config.retention
    reason = setups.keep(
        places.setups,
        key,
        worktree.path,
        roots,
        most_bytes=limits.bytes_,
        fault=ctx.ports.fault,
    )
    setups.tidy(
        places.setups,
        but=key,
        days=limits.days,
        most_bytes=limits.bytes_,
        now_ms=ctx.ports.clock.now_ms(),
    )
    return "" if reason else key, reason


def _stamps(root: Path, paths: Sequence[str]) -> Stamps:
    """What tells whether copied files, and the directories among them, were changed."""
    found: Stamps = {}
    for path in paths:
        for folder, directories, files in os.walk(root / path):
            for name in (".", *directories, *files):
                _stamp(found, os.path.join(folder, name))  # noqa: PTH118 -- many
        _stamp(found, os.fspath(root / path))
    return found


def _stamp(into: Stamps, path: str) -> None:
    try:
        status = os.lstat(path)
    except OSError:
        return
    into[path] = status.st_size, status.st_ctime_ns, status.st_ino
