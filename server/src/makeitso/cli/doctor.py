"""`mis doctor`: whether everything a run needs is here, and what to do where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.policies import show_policy
from makeitso.cli.workspace import opened
from makeitso.protocol.methods_workspace import DoctorParams
from makeitso.requests import doctor as examination
from makeitso.requests.place import Idle, Workplace

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.methods_workspace import DoctorResult

SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(
    ctx: typer.Context,
    fault_points: Annotated[
        bool,
        typer.Option(
            "--fault-points", help="List where MAKEITSO_CRASH_AT can end a process, for tests."
        ),
    ] = False,
    policy: Annotated[
        bool, typer.Option("--policy", help="Say what a worker may do here, and who said so.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Check git, codex, the sandbox and the settings."""
    context = context_of(ctx)
    if fault_points:
        return _fault_points(context.console)

    async def look() -> DoctorResult:
        with opened(context) as bridge:
            at = Workplace(bridge=bridge, runner=Idle())
            return await examination.run(at, DoctorParams(policy=policy))

    result = anyio.run(look)
    if result.policy is not None:
        context.console.data(result.policy.model_dump(mode="json"))
        show_policy(context.console, result.policy)
        return 0
    context.console.data(result.model_dump(mode="json"))
    for check in result.checks:
        sign, style = SIGNS[check.state]
        context.console.say(f"{sign} {check.name:<9} {check.detail}", style=style)
        if check.hint:
            context.console.say(f"            {check.hint}")
    return 0 if result.ok else 2


def _fault_points(console: Console) -> int:
    """List the named steps at which a process can be made to end, for tests of what survives."""
    from makeitso.wiring.faults import points

    found = points()
    console.data([{"name": name, "meaning": meaning} for name, meaning in found.items()])
    for name, meaning in found.items():
        console.say(f"{name:<28} {meaning}")
    return 0
