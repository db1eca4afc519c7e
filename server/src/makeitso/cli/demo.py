"""`mis demo`: the whole way on a sample repository: the real Codex CLI, a scripted model."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.console import Console
from makeitso.cli.context import Context, JsonFlag, context_of
from makeitso.cli.driving import drive
from makeitso.cli.workspace import opened
from makeitso.demo.sample import CHECK, GOAL, write_sample
from makeitso.demo.script import script
from makeitso.errors import UsageError
from makeitso.runs.create import create_run
from makeitso.scripted import serve
from makeitso.workspace.paths import private_dir, user_dirs

if TYPE_CHECKING:
    from makeitso.wiring import Bridge

KEY = "sk-demo-not-a-secret"
KEY_VARIABLE = "MAKEITSO_DEMO_KEY"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    ctx: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Answer every question with yes, visibly.")
    ] = False,
    folder: Annotated[
        str, typer.Option("--dir", help="Where to make the sample repository; must not exist.")
    ] = "",
    json: JsonFlag = False,
) -> int:
    """See the whole of it on a sample repository."""
    outer = context_of(ctx)
    console = Console(as_json=outer.json, always_yes=yes)
    root = _place(folder)
    write_sample(root)
    _introduce(console, root)
    os.environ[KEY_VARIABLE] = KEY
    with serve(script, key=KEY) as server:
        context = Context(
            directory=root,
            overrides=(*_settings(server.base_url), *outer.overrides),
            console=console,
        )
        bare = not anyio.run(_sandbox_works, context)
        if bare:
            console.note(
                "The Codex sandbox does not work here, so this demo's own script runs without it. "
                "Nothing else ever will: `mis run` refuses.",
                style="bold yellow",
            )
        with opened(replace(context, console=console), bare=bare) as bridge:
            with bridge.own():
                run_id = create_run(bridge.ports(), goal=GOAL, plan=None, options=bridge.options())
                code = drive(bridge, console, run_id)
            _conclude(bridge, console, run_id)
    return code


def _place(folder: str) -> Path:
    if folder:
        root = Path(folder).absolute()
        if root.exists():
            raise UsageError(f"{root} exists already", hint="name a directory that does not")
        return root
    demos = private_dir(user_dirs().state / "demo")
    return Path(tempfile.mkdtemp(prefix="demo-", dir=demos)) / "stardates"


def _settings(base_url: str) -> tuple[str, ...]:
    return (
        'manager.kind="codex"',
        'manager.approval="confirm-phase"',
        f'manager.base_url="{base_url}"',
        f'manager.api_key_env="{KEY_VARIABLE}"',
        f'workers.codex.base_url="{base_url}"',
        f'workers.codex.api_key_env="{KEY_VARIABLE}"',
        'workers.codex.model="gpt-5.5"',
    )


async def _sandbox_works(context: Context) -> bool:
    """Whether commands can be held in here.

    Raises:
        EnvironmentFault: codex is missing.
    """
    with opened(context) as bridge:
        await wiring.preflight(bridge)
        return (await wiring.sandbox(bridge)).ok


def _introduce(console: Console, root: Path) -> None:
    console.note("mis demo: a goal becomes an approved change", style="bold")
    console.note(f"  repository  {root}")
    console.note(f"  goal        {GOAL}")
    console.note(f"  check       {CHECK}  (fails now)")
    console.note("  worker      the real Codex CLI, in a git worktree of its own")
    console.note("  model       SCRIPTED: a server of this package on 127.0.0.1 plays the model")
    console.note("")


def _conclude(bridge: Bridge, console: Console, run_id: str) -> None:
    run = bridge.book.run(run_id)
    task = run.tasks.get("T1")
    if console.as_json or task is None:
        return
    console.note("")
    for where in ("base", "proposal", "landed"):
        found = task.latest_check(CHECK, ".", where)
        if found is not None:
            colour = "green" if found.passed else "red"
            console.note(f"  check on {where:<9} {colour.upper()}", style=colour)
    console.note(f"  the change        git -C {bridge.root} diff", style="bold")
    console.note(f"  the plan          {run.plan_path}")
    console.note("  everything kept   .makeitso/ (journal.db, artifacts/, review/)")
    console.note(f"  look again        mis -C {bridge.root} status --all")
