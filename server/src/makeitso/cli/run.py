"""`mis run`: work a goal or a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, YesFlag, context_of
from makeitso.cli.driving import drive
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.errors import NotFoundError, UsageError
from makeitso.plans.quantity import parse_count
from makeitso.runs.create import create_run
from makeitso.runs.planning import runnable

if TYPE_CHECKING:
    from makeitso.protocol.words import HaltPoint
    from makeitso.wiring import Bridge

HALT_POINTS = ("write_files", "run_shell", "network")
POLICIES = ("manual", "confirm-phase", "delegate")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("run")(run)


def run(
    ctx: typer.Context,
    goal: Annotated[str, typer.Argument(help='A goal in words, or a PLAN.plan.md; "-": stdin.')],
    halt_on: Annotated[
        str,
        typer.Option("--halt-on", help="Ask at these whatever is set: " + ",".join(HALT_POINTS)),
    ] = "",
    approval: Annotated[
        str, typer.Option("--approval", help="Approval policy: " + ", ".join(POLICIES))
    ] = "",
    no_land: Annotated[
        bool, typer.Option("--no-land", help="Stop when the changes are proposed.")
    ] = False,
    budget_tokens: Annotated[
        str, typer.Option("--budget-tokens", help="Token ceiling of the run: 200k; 0: none.")
    ] = "",
    budget_minutes: Annotated[
        float | None,
        typer.Option("--budget-minutes", min=0, max=1e6, help="Minutes it may work; 0: no limit."),
    ] = None,
    yes: YesFlag = False,
    json: JsonFlag = False,
) -> int:
    """Work a goal or a plan, asking as the approval policy says."""
    context = context_of(ctx)
    points, tokens = halt_points(halt_on), token_ceiling(budget_tokens)
    if approval and approval not in POLICIES:
        raise UsageError(f"no approval policy {approval}", hint=f"one of {', '.join(POLICIES)}")
    ensure_trusted(context)
    with opened(context) as bridge:
        anyio.run(wiring.preflight, bridge)
        words, plan = goal_or_plan(bridge, goal)
        options = bridge.options(
            policy=approval or None,
            halt_on=points,
            yes=yes,
            land=not no_land,
            budget_tokens=tokens,
            budget_minutes=budget_minutes,
        )
        with bridge.own():
            run_id = create_run(bridge.ports(), goal=words, plan=plan, options=options)
            return drive(bridge, context.console, run_id)


def token_ceiling(text: str) -> int | None:
    """The number of `--budget-tokens`; None: it was not given.

    Raises:
        UsageError: it is no number of tokens.
    """
    tokens = parse_count(text) if text else None
    if text and tokens is None:
        raise UsageError(
            f"--budget-tokens {text}: no number of tokens", hint="such as 200k or 1.5M"
        )
    return tokens


def halt_points(text: str) -> tuple[HaltPoint, ...]:
    """The points of `--halt-on`.

    Raises:
        UsageError: one of them is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in HALT_POINTS:
            raise UsageError(f"--halt-on: no point {name}", hint=f"one of {', '.join(HALT_POINTS)}")
    return cast("tuple[HaltPoint, ...]", tuple(names))


def goal_or_plan(bridge: Bridge, text: str) -> tuple[str, str | None]:
    """What is to be done, and the plan document that says so, if it is one.

    Raises:
        NotFoundError: it looks like a plan, but there is no such file.
        PlanError: the plan cannot run.
    """
    if text == "-":
        return typer.get_text_stream("stdin").read(), None
    if not text.endswith(".plan.md"):
        return text, None
    path = Path(text)
    for candidate in (path, bridge.root / path, bridge.dot.plans / path):
        if candidate.is_file():
            found = candidate.resolve()
            break
    else:
        raise NotFoundError(f"there is no plan {text}", hint="`mis plan` writes one")
    if not found.is_relative_to(bridge.root):
        raise UsageError(f"the plan {text} lies outside the workspace {bridge.root}")
    plan = runnable(found, bridge.root, bridge.config)
    return plan.goal or plan.title, found.relative_to(bridge.root).as_posix()
