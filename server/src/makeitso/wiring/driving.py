"""What doors do with a workspace: look whether a run could work, drive it, settle it, plan."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from makeitso.errors import (
    ConfigError,
    EnvironmentFault,
    MisError,
    ModelError,
    StateError,
    StoreError,
)
from makeitso.journal.next import next_steps
from makeitso.protocol import events as ev
from makeitso.runs import engine
from makeitso.runs.planning import checked_goal, draft_plan, place, runnable
from makeitso.runs.steps.plan import refresh_plan
from makeitso.runs.watching import Interrupted, watched
from makeitso.wiring.telemetry import recorded
from makeitso.workspace.config import require_runnable
from makeitso.workspace.paths import user_dirs
from makeitso.workspace.rule_edit import usable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Generator

    from makeitso.codex.sandbox import SandboxState
    from makeitso.journal.state import RunState
    from makeitso.managers.port import Answer, PlanRequest
    from makeitso.protocol.plan import ManagerKind, Plan, PlanDraft
    from makeitso.runs.engine import Outcome
    from makeitso.runs.ports import Door
    from makeitso.wiring.bridge import Bridge


async def preflight(bridge: Bridge) -> None:
    """Whether a run could work here at all; nothing is written.

    Raises:
        EnvironmentFault: git, codex or the sandbox is missing or unusable.
        NotYetError, ConfigError: a config value stands in the way; the message has its place.
        UserError: there is no repository.
    """
    require_runnable(bridge.loaded)
    _ = bridge.repo
    if bridge.bare:
        return
    state = await sandbox(bridge)
    if not state.ok:
        raise EnvironmentFault(
            f"the Codex sandbox does not work here: {state.reason}",
            hint=state.hint,
        )


LEAVING_S = 5.0
"""How long a process that puts a run down may take until it has let go of the workspace."""
LOOK_S = 0.05


async def sandbox(bridge: Bridge) -> SandboxState:
    """Whether commands can be held in here.

    Raises:
        EnvironmentFault: codex is missing.
    """
    from makeitso.workers.commands import probe_sandbox

    with tempfile.TemporaryDirectory(prefix="makeitso-", ignore_cleanup_errors=True) as scratch:
        return await probe_sandbox(
            command=bridge.config.workers.codex.command or None,
            home=Path(scratch) / "home",
            tmp=Path(scratch) / "tmp",
            root=bridge.root,
        )


async def drive(
    bridge: Bridge, run_id: str, door: Door, *, resume: bool = False, yes: bool | None = None
) -> Outcome:
    """Own the workspace and drive a run until it is over or waits for somebody who is not here.

    Args:
        bridge: the workspace.
        run_id: the run.
        door: the person's side.
        resume: the run was put down, or its process died, and is taken up again.
        yes: resume it as if it had been started with `--yes`, or without; None: as it was.

    Raises:
        StateError: another process owns the workspace, or the run is over.
        MisError: what made the run impossible to go on with.
    """
    with bridge.own(), recorded(bridge, run_id, resumed=resume):
        run = bridge.book.run(run_id)
        if resume and run.finished is not None:
            raise StateError(
                f"{run_id} is over: {run.finished.state}",
                hint="start another with `mis run`; its plan is " + (run.plan_path or "gone"),
            )
        ports = bridge.ports()
        with _told(bridge, run_id, door):
            if resume:
                refresh_plan(ports, bridge.book, run_id)
                resumed = ev.RunResumed(
                    yes=yes is True, asks=yes is False, manager=_other_manager(bridge, run)
                )
                ports.journal.append(resumed, actor="person", run=run_id)
            _look_at_rules(bridge, run_id)
            try:
                outcome = await engine.drive(ports, bridge.book, door, run_id)
            except BaseException as error:
                with contextlib.suppress(StoreError):
                    _put_down(bridge, run_id, error)
                raise
            await _look_at_canaries(bridge, run_id)
            return outcome


async def _look_at_canaries(bridge: Bridge, run_id: str) -> None:
    """Once a run is over, end the trials of patterns that its outcome decides."""
    if bridge.config.learning.mode != "canary" or bridge.book.run(run_id).finished is None:
        return
    from makeitso.wiring.learning import after_a_run

    for said in await after_a_run(bridge):
        bridge.journal.append(ev.NoteAdded(text=said), actor="engine", run=run_id)


@contextlib.contextmanager
def _told(bridge: Bridge, run_id: str, door: Door) -> Generator[None]:
    """Let the door hear every event of a run while the block lasts, its first and last too."""

    def tell(event: ev.Event) -> None:
        if event.run == run_id:
            door.event(event)

    stop = bridge.book.listen(tell)
    try:
        yield
    finally:
        stop()


def _other_manager(bridge: Bridge, run: RunState) -> ManagerKind | None:
    """Who manages after an error put the run down, if the settings name another by now.

    Else whoever the run was started with stays: settings may have been laid over for it alone.
    """
    if run.paused is None or run.paused.error is None:
        return None
    if (bridge.profile or None) != run.options.profile:
        return None
    kind = bridge.manager_kind()
    return kind if kind != run.options.manager else None


def _look_at_rules(bridge: Bridge, run_id: str) -> None:
    """Make good what a killed process left out of the person's rules; say when none can allow."""
    try:
        usable(user_dirs())
        bridge.store_rules()
    except ConfigError as error:
        text = f"stored rules allow nothing: {error.message}"
        bridge.book.journal.append(
            ev.NoteAdded(text=bridge.redactor.text(text), level="warning"),
            actor="engine",
            run=run_id,
        )


def _put_down(bridge: Bridge, run_id: str, error: BaseException) -> None:
    """Say in the journal why the run stands still, unless it is over."""
    run = bridge.book.run(run_id)
    if run.finished is not None or run.paused is not None:
        return
    expected = isinstance(error, MisError)
    reason = "interrupted"
    if expected:
        reason = f"{error.message} ({error.hint})" if error.hint else error.message
    bridge.book.journal.append(
        ev.RunPaused(
            state="stopped",
            reason=reason,
            exit_code=error.exit_code if expected else 130,
            error=error.code if expected else None,
        ),
        actor="engine",
        run=run_id,
    )


async def settle(bridge: Bridge, door: Door, *, skip: Collection[str] = ()) -> bool:
    """Land and end what is decided, if no other process owns the workspace.

    Args:
        bridge: the workspace.
        door: the person's side.
        skip: runs that this process drives already.

    Returns:
        False when another process owns it; it will do this, unless something is `left_behind`.

    Raises:
        MisError: landing failed as a whole.
    """
    until = bridge.clock.monotonic() + LEAVING_S
    while True:
        try:
            with bridge.own():
                bridge.book.refresh()
                ports = bridge.ports()
                for run_id in unsettled(bridge, skip=skip):
                    with recorded(bridge, run_id, resumed=True), _told(bridge, run_id, door):
                        await engine.drive(ports, bridge.book, door, run_id, settle_only=True)
        except StateError:
            if not await owner_goes(bridge, until=until, skip=skip):
                return False
        else:
            return True


def unsettled(bridge: Bridge, *, skip: Collection[str] = ()) -> list[str]:
    """Runs in which something can land or end, but for those in `skip`."""
    rules = engine.rules_of(bridge.config)
    return [
        run_id
        for run_id, run in bridge.book.runs.items()
        if run_id not in skip and next_steps(run, rules, settle_only=True)
    ]


def left_behind(bridge: Bridge, *, skip: Collection[str] = ()) -> bool:
    """Whether the process that owns the workspace will not see to all that can land or end.

    It does in a run that it drives: it puts none down over a decision it has not looked at. In one
    that was put down before the decision came it does not.
    """
    runs = bridge.book.runs
    return any(not runs[one].active for one in unsettled(bridge, skip=skip))


async def owner_goes(bridge: Bridge, *, until: float, skip: Collection[str] = ()) -> bool:
    """Whether it is worth another try to own the workspace: whoever owns it is about to go.

    So it is where no run is under way, and what can land is left behind. Waits a moment.

    Args:
        bridge: the workspace.
        until: time on the monotonic clock after which it is not worth it any more.
        skip: runs that are seen to elsewhere.
    """
    bridge.book.refresh()
    busy = any(run.active for run in bridge.book.runs.values())
    if busy or bridge.clock.monotonic() > until or not left_behind(bridge, skip=skip):
        return False
    await anyio.sleep(LOOK_S)
    return True


async def make_plan(
    bridge: Bridge, goal: str, progress: Callable[[str], Awaitable[None]]
) -> tuple[Path, Plan]:
    """Write a plan document for a goal; runs nothing.

    Raises:
        ModelError: the manager failed or answered what is not a plan.
        UsageError: the goal is empty or too long.
    """
    require_runnable(bridge.loaded)
    bridge.make_dot()
    ports = bridge.ports()
    async with bridge.manager(bridge.manager_kind(), "plan") as manager:

        async def asked(request: PlanRequest) -> Answer[PlanDraft]:
            try:
                return await watched(
                    lambda saw: manager.plan(request, progress, saw=saw),
                    limits=ports.monitor,
                    root=bridge.root,
                )
            except Interrupted as stopped:
                raise ModelError(
                    f"the monitor interrupted the manager ({stopped})",
                    hint="try again; `[monitor]` says what is watched for",
                ) from stopped

        drafted = await draft_plan(ports, asked, goal=checked_goal(goal), options=bridge.options())
    place(ports, drafted.path, drafted.text)
    return drafted.path, runnable(drafted.path, bridge.root, bridge.config)
