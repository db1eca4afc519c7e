"""`mis clean`: what ended runs left over, how old and how large it is, and away with it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, YesFlag, context_of
from makeitso.cli.workspace import opened
from makeitso.errors import MisError
from makeitso.runs import cleaning
from makeitso.runs.leftovers import open_reviews, run_end, survey
from makeitso.runs.retention import DAY_MS, Limits, decide
from makeitso.workspace.paths import user_dirs

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.runs.retention import Decision
    from makeitso.wiring import Bridge

EXIT_WAITING = 3


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("clean")(clean)


def clean(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only show it.")] = False,
    auto: Annotated[
        bool,
        typer.Option(
            "--auto", help="Remove what the settings under retention let go, asking nothing."
        ),
    ] = False,
    yes: YesFlag = False,
    json: JsonFlag = False,
) -> int:
    """Show and remove what ended runs left over.

    Nothing unsaved is ever deleted: a worktree's files are under a ref before it goes.
    """
    context = context_of(ctx)
    console = context.console
    with opened(context) as bridge:
        decisions = look(bridge, auto=auto)
        going = [d for d in decisions if d.remove]
        _show(console, bridge, decisions)
        removed: dict[str, str] = {}
        failed: dict[str, str] = {}
        agreed = bool(going) and not dry_run
        if agreed and not (auto or yes):
            agreed = console.interactive and console.confirm(f"Remove {len(going)} of them?")
        if agreed:
            _remove(bridge, going, console, auto=auto, removed=removed, failed=failed)
        console.data(_result(bridge, decisions, removed, failed))
        if going and not dry_run and not agreed:
            console.note("nothing was removed; `mis clean --yes` removes without asking")
            return EXIT_WAITING
    return 1 if failed else 0


def look(bridge: Bridge, *, auto: bool) -> tuple[Decision, ...]:
    """Everything that runs left behind, with what may go."""
    if bridge.has_journal:
        bridge.book.refresh()
    runs = bridge.book.runs if bridge.has_journal else {}
    items = [
        *open_reviews(runs.values()),
        *survey(
            bridge.repo,
            bridge.state,
            artifacts=(bridge.root / bridge.config.project.artifacts_dir).resolve(),
            replays=(bridge.root / bridge.config.learning.replay_dir).resolve(),
            demos=user_dirs().state / "demo",
            ended={run.id: run.ended_at for run in runs.values() if run.ended_at is not None},
            landing={t.landing for run in runs.values() for t in run.tasks.values() if t.landing},
        ),
    ]
    retention = bridge.config.retention
    return decide(
        items,
        {run.id: run_end(run) for run in runs.values()},
        Limits(
            days=retention.days,
            bytes_=retention.bytes_,
            replay_days=retention.replay_days,
            replay_bytes=retention.replay_bytes,
        ),
        now=bridge.clock.now_ms(),
        auto=auto,
    )


def _remove(
    bridge: Bridge,
    going: list[Decision],
    console: Console,
    *,
    auto: bool,
    removed: dict[str, str],
    failed: dict[str, str],
) -> None:
    # Where nothing was ever run there is nobody to keep out, and no lock to make.
    with bridge.own() if bridge.has_journal else contextlib.nullcontext():
        still = {d.item.name for d in look(bridge, auto=auto) if d.remove}
        for decision in going:
            name = decision.item.name
            if name not in still:
                continue  # somebody took it up in the meantime
            try:
                if decision.item.kind == "review":
                    cleaning.put_away(bridge.book, decision.item)
                    kept = ""
                else:
                    kept = cleaning.remove(bridge.repo, decision.item)
            except MisError as error:
                failed[name] = error.message
                console.error(error.message, hint=error.hint)
                continue
            removed[name] = kept
            console.say(f"removed {name}" + (f"; its files are kept at {kept}" if kept else ""))


def _show(console: Console, bridge: Bridge, decisions: tuple[Decision, ...]) -> None:
    now = bridge.clock.now_ms()
    if not decisions:
        console.say("nothing is left over")
    for decision in decisions:
        item = decision.item
        made = "" if item.pid is None else f"  process {item.pid} {_life(item.alive)}"
        console.say(
            f"{'remove' if decision.remove else 'keep':<7}{item.kind:<10}"
            f"{_age(now - item.since):>5} {_bytes(item.size_bytes):>8}  {item.name}{made}",
            style=None if decision.remove else "dim",
        )
        console.say(f"       {decision.reason}", style="dim")


def _life(alive: bool) -> str:
    return "runs" if alive else "is gone"


def _age(ms: int) -> str:
    hours = max(0, ms) // 3_600_000
    return f"{hours // 24}d" if hours >= 24 else f"{hours}h"


def _bytes(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count //= 1000
    return f"{count} GB"


def _result(
    bridge: Bridge,
    decisions: tuple[Decision, ...],
    removed: dict[str, str],
    failed: dict[str, str],
) -> dict[str, object]:
    now = bridge.clock.now_ms()
    return {
        "items": [
            {
                "kind": d.item.kind,
                "name": d.item.name,
                "run": d.item.run or None,
                "task": d.item.task or None,
                "size_bytes": d.item.size_bytes,
                "age_days": round(max(0, now - d.item.since) / DAY_MS, 2),
                "owner": None if d.item.pid is None else {"pid": d.item.pid, "alive": d.item.alive},
                "action": "remove" if d.remove else "keep",
                "reason": d.reason,
                "removed": d.item.name in removed,
                "kept_at": removed.get(d.item.name) or None,
                "error": failed.get(d.item.name),
            }
            for d in decisions
        ],
        "freed_bytes": sum(d.item.size_bytes for d in decisions if d.item.name in removed),
    }
