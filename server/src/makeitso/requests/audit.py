"""`mis/audit/get`: figures over runs, folded from the whole journal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.figures import Audit
from makeitso.plans.globs import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from makeitso.protocol.audit import AuditFigures, AuditGetParams
    from makeitso.protocol.events import Event
    from makeitso.requests.place import Workplace
    from makeitso.wiring import Bridge


async def get(at: Workplace, params: AuditGetParams) -> AuditFigures:
    """Figures over one run or all.

    Raises:
        NotFoundError: there is no such run.
    """
    runs = None if params.run is None else (params.run,)
    # A long journal takes seconds, in which the server answers others.
    return await to_thread.run_sync(partial(read, at.bridge, runs))


def read(
    bridge: Bridge,
    runs: Collection[str] | None = None,
    *,
    also: Callable[[Event], None] | None = None,
) -> AuditFigures:
    """Figures over runs, read through a journal connection of its own; writes nothing.

    Args:
        bridge: the workspace.
        runs: ids; None: all.
        also: called with each event of these runs, in order.

    Raises:
        NotFoundError: a run does not exist.
        StoreError: the journal cannot be read.
    """
    tally = Audit(covers=matches, runs=runs)
    if bridge.has_journal:
        with bridge.second() as own:
            for event in own.journal.read():
                tally.add(event)
                if also is not None and (runs is None or event.run in runs):
                    also(event)
    return tally.figures(until=bridge.clock.now_ms())
