"""`mis doctor`: whether everything a run needs is here, and what to do where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.workspace import opened
from makeitso.protocol.methods_workspace import DoctorParams
from makeitso.requests import doctor as examination
from makeitso.requests.place import Idle, Workplace

if TYPE_CHECKING:
    from makeitso.protocol.methods_workspace import DoctorResult

SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("doctor")(doctor)


def doctor(ctx: typer.Context, json: JsonFlag = False) -> int:
    """Check git, codex, the sandbox and the settings."""
    context = context_of(ctx)

    async def look() -> DoctorResult:
        with opened(context) as bridge:
            return await examination.run(Workplace(bridge=bridge, runner=Idle()), DoctorParams())

    result = anyio.run(look)
    context.console.data(result.model_dump(mode="json"))
    for check in result.checks:
        sign, style = SIGNS[check.state]
        context.console.say(f"{sign} {check.name:<9} {check.detail}", style=style)
        if check.hint:
            context.console.say(f"            {check.hint}")
    return 0 if result.ok else 2
