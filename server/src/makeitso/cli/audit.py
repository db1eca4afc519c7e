"""`mis audit`: figures over runs in the terminal, as JSON, as a page; whether all is whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.audit_summary import Line, summary
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.workspace import opened
from makeitso.errors import NotFoundError, UsageError
from makeitso.protocol.counts import counted
from makeitso.requests.audit import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.cli.console import Console
    from makeitso.cli.context import Context
    from makeitso.protocol.audit import AuditFigures
    from makeitso.store.evidence import Evidence
    from makeitso.wiring import Bridge

SHOWN_BROKEN = 20
"""Broken stretches that are listed; the rest is counted."""
_RESTS = {
    "added": "were added by somebody else",
    "going on": "are not recorded yet: their run is under way, or was killed",
    "crash": "were never recorded: what would have was killed",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("audit")(audit)


def audit(
    ctx: typer.Context,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Only these runs.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every run in the list.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the journal's chain and the kept output.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one page with charts.")
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Show what runs cost and what came of them."""
    context = context_of(ctx)
    if verify and (runs or html or everything):
        raise UsageError(
            "--verify looks at the whole journal", hint="give it alone, or with --json"
        )
    with opened(context) as bridge:
        if verify:
            return _verify(bridge, context.console)
        wanted = tuple(dict.fromkeys(runs)) if runs else None
        if wanted and not bridge.has_journal:
            raise NotFoundError(f"there is no run {wanted[0]}: nothing was ever run here")
        if html is not None:
            return _page(bridge, context, wanted, html)
        figures = read(bridge, wanted)
        context.console.data(figures.model_dump(mode="json"))
        for line in summary(figures, everything=everything or wanted is not None):
            context.console.say(line.text, style=line.style)
        for line in _below(figures, named=wanted is not None):
            context.console.say(line.text, style=line.style)
    return 0


def _below(figures: AuditFigures, *, named: bool) -> Iterator[Line]:
    """Tasks and phases of runs that were named, or of the only one; of many, how to see them."""
    from makeitso.cli.audit_tasks import task_lines

    if named or len(figures.by_run) == 1:
        yield from task_lines(figures.by_run)
    elif figures.by_run:
        yield Line("tasks and phases of one: mis audit RUN", "dim")


def _page(bridge: Bridge, context: Context, runs: tuple[str, ...] | None, target: Path) -> int:
    from makeitso.cli.audit_page import page
    from makeitso.journal.timeline import Timeline
    from makeitso.workspace.atomic import replace_file

    timeline = Timeline()
    figures = read(bridge, runs, also=timeline.add)
    text = page(figures, timeline, made_at=bridge.clock.now_ms(), name=bridge.root.name)
    path = Path.cwd() / target
    if not path.parent.is_dir():
        raise UsageError(f"there is no directory {path.parent}", hint="make it first")
    replace_file(path, text.encode("utf-8", "replace"))
    context.console.data({"html": str(path)})
    context.console.say(f"wrote {path}")
    return 0


def _verdict(
    *, rows: int, broken_row: int | None = None, last_hash: str = "", found: Evidence | None = None
) -> dict[str, object]:
    """What `--verify --json` says; kept output is not looked at where the chain is broken."""
    broken = found.broken if found is not None else ()
    return {
        "rows": rows,
        "whole": broken_row is None and (found is None or found.whole),
        "broken_row": broken_row,
        "last_hash": last_hash,
        "stretches": found.stretches if found is not None else 0,
        "broken": [{"seq": part.seq, "path": part.path, "state": part.state} for part in broken],
        "rests": [asdict(rest) for rest in found.rests] if found is not None else [],
        "removed": list(found.removed) if found is not None else [],
    }


def _verify(bridge: Bridge, console: Console) -> int:
    """Say whether the chain and the kept output are whole; 1 when not."""
    from makeitso.store.evidence import examine

    if not bridge.has_journal:
        console.data(_verdict(rows=0))
        console.say("nothing was ever run here")
        return 0
    journal = bridge.journal
    row = journal.verify()
    rows = journal.last_seq()
    if row is not None:
        console.data(_verdict(rows=rows, broken_row=row))
        console.say(f"the chain breaks at row {row} of {rows:,}", style="bold red")
        console.say("somebody changed the journal; from that row on it is not to be relied on")
        return 1
    found = examine(bridge.places().artifacts, journal.read())
    last = journal.last_hash()
    console.data(_verdict(rows=rows, last_hash=last, found=found))
    whole = f"{counted(rows, 'row')}, the last is {last[:16] or '-'}"
    console.say(f"chain   whole: {whole}", style="green")
    if found.removed:
        console.say(f"output  no longer kept of {', '.join(found.removed)}")
    stretches = counted(found.stretches, "stretch", many="stretches")
    if found.whole:
        console.say(f"output  whole: {stretches} of kept files", style="green")
    for rest in found.rests[:SHOWN_BROKEN]:
        size = counted(rest.length_bytes, "byte")
        style = "bold red" if rest.why == "added" else "dim"
        console.say(f"output  {size} of {rest.path} {_RESTS[rest.why]}", style=style)
    if len(found.rests) > SHOWN_BROKEN:
        console.say(f"        and {len(found.rests) - SHOWN_BROKEN:,} more; see --json")
    if not found.broken:
        return 0 if found.whole else 1
    console.say(
        f"output  {len(found.broken):,} of {stretches} not as recorded",
        style="bold red",
    )
    for part in found.broken[:SHOWN_BROKEN]:
        console.say(f"        row {part.seq}: {part.path} is {part.state}")
    if len(found.broken) > SHOWN_BROKEN:
        console.say(f"        and {len(found.broken) - SHOWN_BROKEN:,} more; see --json")
    return 1
