"""The beginning of a run: nothing exists before its first event, everything after it is a fold."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from makeitso import __version__
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.config import Config
    from makeitso.protocol.plan import RunOptions
    from makeitso.runs.ports import Ports
    from makeitso.store.journal import Journal


def create_run(ports: Ports, *, goal: str, plan: str | None, options: RunOptions) -> str:
    """Record that a run exists and return its id.

    Args:
        ports: the world.
        goal: the goal, or the title of the plan that is run.
        plan: path of a plan document relative to the workspace; None: the manager writes one.
        options: how it was asked for.

    Raises:
        UsageError: the goal is empty or too long.
        StateError: another process drives runs here since.
        StoreError: the journal cannot be written, or another run was begun at the same moment.
    """
    from makeitso.runs.planning import checked_goal  # a review of something else needs no plans

    text = checked_goal(goal)
    ports.fault("run.create")
    config = ports.config
    journal = ports.journal
    run_id = new_run_id(journal, now_ms=ports.clock.now_ms())
    journal.append(
        ev.RunCreated(
            goal=ports.redactor.text(text),
            plan=plan,
            options=options,
            policies=policies_in_force(config),
            config_digest=hashlib.sha256(config.model_dump_json().encode()).hexdigest(),
            version=__version__,
        ),
        actor="person",
        run=run_id,
        guard=lambda: f"{run_id} was begun just now" if run_id in journal.run_ids() else None,
    )
    return run_id


def new_run_id(journal: Journal, *, now_ms: int) -> str:
    """The id of the next run: the day in UTC, and its number on that day."""
    day = dt.datetime.fromtimestamp(now_ms / 1000, tz=dt.UTC)
    stem = f"r{day:%Y%m%d}"
    taken = sum(1 for run in journal.run_ids() if run.startswith(f"{stem}-"))
    return f"{stem}-{taken + 1}"


def policies_in_force(config: Config) -> ev.PoliciesInForce:
    """What the settings allow."""
    return ev.PoliciesInForce(
        write_files=config.policies.write_files,
        run_shell=config.policies.run_shell,
        network=config.policies.network,
    )
