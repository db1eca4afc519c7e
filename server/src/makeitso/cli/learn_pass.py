"""What `mis learn` does in a workspace: passes, their history, and taking back."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio

from makeitso.cli.parse_read import whole
from makeitso.cli.proposal_show import show_item
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.errors import UsageError
from makeitso.protocol.counts import counted
from makeitso.requests.learning import learned, learned_with_manager, rolled_back
from makeitso.store.learning_history import rows
from makeitso.tuning.golden import broken
from makeitso.tuning.material import log_as_replay
from makeitso.wiring.learning import tuning

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.protocol.methods_learn import LearnRunResult
    from makeitso.store.replays import Replay
    from makeitso.tuning.deciding import Mode
    from makeitso.tuning.golden import GoldenLog

PROPOSED = 3
"""Exit code of `--ci` when there is something to look at."""
SHOWN_REFUSED = 10


def make_a_pass(
    context: Context, sources: list[str], *, mode: str, dry: bool, ask_manager: bool
) -> int:
    """Learn from runs and logs."""
    ensure_trusted(context)
    runs, logs = _parted(sources)
    with opened(context) as bridge:
        if not sources and not tuning(bridge).latest():
            raise UsageError(
                "no run was kept here yet", hint="Name logs to learn from: mis learn LOG..."
            )
        asked = cast("Mode", mode) if mode else None
        if ask_manager:
            work = partial(learned_with_manager, bridge, runs, logs=logs, mode=asked, dry=dry)
            result = anyio.run(work)
        else:
            result = learned(bridge, runs, logs=logs, mode=asked, dry=dry)
    _tell(context, result, dry=dry)
    return 0


def check_in_ci(context: Context, sources: list[str], *, dry: bool) -> int:
    """Check golden logs, and propose from them, from logs and runs; nothing is let in."""
    runs, logs = _parted(sources)
    with opened(context) as bridge:
        golden = tuning(bridge).golden
        wrong = broken(golden, tuning(bridge).library)
        for line in wrong:
            context.console.say(f"golden log broke: {line}", style="red")
        if wrong:
            context.console.data({"broken": wrong})
            return 1
        if not sources:
            logs = [_golden_replay(one) for one in golden if one.log.channel != "message"]
        result = learned(bridge, runs, logs=logs, mode="shadow", dry=dry)
    context.console.note(f"{len(golden)} golden logs read as before", style="dim")
    _tell(context, result, dry=dry)
    return PROPOSED if result.written else 0


def show_history(context: Context) -> int:
    """All that was proposed and decided, oldest first."""
    with opened(context) as bridge:
        found = rows(bridge.dot.proposals)
    context.console.data({"rows": [row.model_dump(mode="json") for row in found]})
    for row in found:
        when = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M")
        because = f": {row.because}" if row.because else ""
        context.console.say(f"{when}  {row.action:<12} {row.id}  by {row.by}{because}")
    if not found:
        context.console.note("nothing was proposed here")
    return 0


def roll_back(context: Context, name: str, because: str) -> int:
    """Take an applied proposal back."""
    ensure_trusted(context)
    with opened(context) as bridge:
        result = rolled_back(bridge, name, because)
    context.console.data(result.model_dump(mode="json"))
    how = "the file is as it was" if result.exact else "the file was edited since: only it is gone"
    context.console.say(f"{name} rolled back; {how}")
    return 0


def _parted(sources: list[str]) -> tuple[list[str], list[Replay]]:
    """Runs, and logs as if they were runs: what is a file is a log."""
    logs = [name for name in sources if Path(name).is_file()]
    runs = [name for name in sources if name not in logs]
    for name in runs:
        if "/" in name or "." in name:
            raise UsageError(f"no log {name}", hint="Name log files, or runs by their id.")
    return runs, [log_as_replay(name, whole(Path(name))) for name in logs]


def _golden_replay(one: GoldenLog) -> Replay:
    return log_as_replay(one.name, one.log.data, channel=one.log.channel)


def _tell(context: Context, result: LearnRunResult, *, dry: bool) -> None:
    say = context.console.say
    context.console.data(result.model_dump(mode="json"))
    known = result.explained * 100 / result.lines if result.lines else 100.0
    say(
        f"{counted(len(result.runs), 'run')}, {counted(result.lines, 'line')}, "
        f"{known:.1f} % understood; "
        f"{counted(result.groups, 'group')} of lines that nothing explains"
    )
    for item in result.written:
        show_item(context.console, item, applied=item.proposal.id in result.applied)
    if result.refused:
        say("no proposal:", style="bold")
    for reason in result.refused[:SHOWN_REFUSED]:
        say(f"  {reason[:300]}", style="dim")
    left = len(result.refused) - SHOWN_REFUSED
    if left > 0:
        say(f"  and {left} more; --json gives each", style="dim")
    if dry:
        context.console.note("nothing was written")
    elif result.written and not result.applied:
        context.console.note("`mis approve --proposals` shows them, `mis approve ID` lets one in")
