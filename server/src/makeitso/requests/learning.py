"""`mis/proposal/*` and `mis/learn/*`: what is proposed from output, decided, and taken back."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import BudgetExceeded, NotFoundError
from makeitso.learning.mining import Sample
from makeitso.learning.synthesis import compiled
from makeitso.managers.port import LearnRequest
from makeitso.parsing.engine import LIVE
from makeitso.parsing.explain import Explainer
from makeitso.parsing.linear import PatternError
from makeitso.protocol.methods_learn import (
    LearnProposeResult,
    LearnRunResult,
    ProposalDecideResult,
    ProposalHistoryResult,
    ProposalListResult,
    ProposalRollbackResult,
)
from makeitso.store.learning_history import rows, states
from makeitso.store.proposals import Stored, kept, path_of, read, state_of
from makeitso.store.replays import kept as kept_replays
from makeitso.store.replays import read as read_replay
from makeitso.store.replays import run_of
from makeitso.tuning.applying import recover, roll_back
from makeitso.tuning.deciding import decide as decide_one
from makeitso.tuning.deciding import item, supersede, write_all
from makeitso.tuning.material import Material, of_replay
from makeitso.tuning.passing import (
    groups_to_show,
    learn,
    prove_suggested,
    shown_lines,
    suggested,
)
from makeitso.wiring.learning import library_of, place_of, settle_canaries, tuning

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from makeitso.learning.mining import Group
    from makeitso.learning.proposing import Candidate
    from makeitso.parsing.library import Library
    from makeitso.protocol.methods_learn import (
        LearnProposeParams,
        LearnRunParams,
        ProposalDecideParams,
        ProposalHistoryParams,
        ProposalItem,
        ProposalListParams,
        ProposalRollbackParams,
    )
    from makeitso.protocol.proposal import Proposal
    from makeitso.requests.place import Workplace
    from makeitso.store.replays import Replay
    from makeitso.tuning.deciding import Mode
    from makeitso.tuning.passing import Outcome
    from makeitso.wiring.bridge import Bridge
    from makeitso.wiring.learning import Tuning


async def list_(at: Workplace, params: ProposalListParams) -> ProposalListResult:
    """Proposals that wait for a decision or are on canary; with `all` those decided, too."""
    return await to_thread.run_sync(lambda: listed(at.bridge, everything=params.all_))


async def decide(at: Workplace, params: ProposalDecideParams) -> ProposalDecideResult:
    """Let a proposal in, or turn it down.

    Raises:
        NotFoundError: there is none of that id.
        StateError: it does not pass the gate, or is decided otherwise.
        TrustError: the person has not agreed to the library as it is.
        ConfigError: the proposal's file or the library is broken.
    """
    result = await to_thread.run_sync(
        lambda: decided(at.bridge, params.id, grant=params.grant, because=params.because)
    )
    at.bridge.reload()
    return ProposalDecideResult(item=result)


async def rollback(at: Workplace, params: ProposalRollbackParams) -> ProposalRollbackResult:
    """Take an applied proposal back.

    Raises:
        NotFoundError: there is none of that id.
        StateError: it is not applied.
        TrustError: the person has not agreed to the library as it is.
        ConfigError: the proposal's file or the library is broken.
    """
    result = await to_thread.run_sync(lambda: rolled_back(at.bridge, params.id, params.because))
    at.bridge.reload()
    return result


async def history(at: Workplace, params: ProposalHistoryParams) -> ProposalHistoryResult:
    """All that was ever proposed and decided here."""
    del params
    return ProposalHistoryResult(rows=rows(at.bridge.dot.proposals))


async def run(at: Workplace, params: LearnRunParams) -> LearnRunResult:
    """Mine kept runs, propose, prove, gate, and do with it as the mode says.

    Raises:
        StateError: learning is off.
        NotFoundError: a run has no replay.
    """
    if params.proposer == "manager":
        result = await learned_with_manager(at.bridge, params.runs)
    else:
        result = await to_thread.run_sync(lambda: learned(at.bridge, params.runs))
    at.bridge.reload()
    return result


async def propose(at: Workplace, params: LearnProposeParams) -> LearnProposeResult:
    """Propose a pattern for one line; it is written even where the gate does not let it pass yet.

    Raises:
        StateError: learning is off.
    """
    return await to_thread.run_sync(_propose, at.bridge, params.text.strip(), params.run)


def listed(bridge: Bridge, *, everything: bool) -> ProposalListResult:
    """The proposals of a workspace, and what is wrong with files that are none."""
    place = place_of(bridge)
    recover(place)
    past = rows(place.folder)
    known = states(past)
    found, wrong = kept(place.folder) if place.folder.is_dir() else ([], [])
    return ProposalListResult(
        proposals=tuple(
            item(place, stored, past)
            for stored in found
            if everything or state_of(stored.proposal.id, known) in ("open", "canary")
        ),
        problems=tuple(error.message for error in wrong),
    )


def decided(bridge: Bridge, name: str, *, grant: bool, because: str) -> ProposalItem:
    """Let a proposal in, or turn it down; see `decide`."""
    place, stored = place_of(bridge), read(path_of(bridge.dot.proposals, name))
    if grant:
        found = tuning(bridge)
        library, golden, clock = found.library, found.terms.golden, found.terms.clock
    else:
        library, golden, clock = library_of(bridge), (), time.thread_time
    decide_one(
        place, stored, grant=grant, because=because, library=library, golden=golden, clock=clock
    )
    return item(place, stored)


def rolled_back(bridge: Bridge, name: str, because: str) -> ProposalRollbackResult:
    """Take an applied proposal back; see `rollback`."""
    place, stored = place_of(bridge), read(path_of(bridge.dot.proposals, name))
    exact = roll_back(place, stored.proposal, by="person", because=because)
    return ProposalRollbackResult(item=item(place, stored), exact=exact)


def learned(
    bridge: Bridge,
    runs: Sequence[str] = (),
    *,
    logs: Sequence[Replay] = (),
    mode: Mode | None = None,
    dry: bool = False,
) -> LearnRunResult:
    """A pass, with its proposals written and let in as the mode says.

    Args:
        bridge: the workspace.
        runs: run ids; empty: the latest ones, unless there are logs.
        logs: logs read as runs of their own.
        mode: what may be let in without a person; None: as the settings say.
        dry: write nothing; proposals are only told.

    Raises:
        StateError: learning is off.
        NotFoundError: a run has no replay.
    """
    found = tuning(bridge)
    mode = mode or bridge.config.learning.mode
    if mode == "canary" and not dry:
        settle_canaries(found)
    kept_runs = [] if logs and not runs else _replays(found, runs)
    materials = materials_of(found, kept_runs)
    materials += [of_replay(log, found.library) for log in logs]
    return carried_out(bridge, found, materials, mode=mode, dry=dry)


async def learned_with_manager(
    bridge: Bridge,
    runs: Sequence[str] = (),
    *,
    logs: Sequence[Replay] = (),
    mode: Mode | None = None,
    dry: bool = False,
) -> LearnRunResult:
    """As `learned`, with patterns that the manager suggests; they are proved as any other.

    Raises:
        BudgetExceeded: what it would be shown costs more than `[manager] budget_tokens`.
        ModelError: the manager cannot be asked, or does not answer as it should.
        StateError, NotFoundError, UsageError: as `learned`; there is no manager.
    """
    found = await to_thread.run_sync(lambda: tuning(bridge))
    kept_runs = [] if logs and not runs else _replays(found, runs)

    def read() -> list[Material]:
        return [
            *materials_of(found, kept_runs),
            *(of_replay(log, found.library) for log in logs),
        ]

    materials = await to_thread.run_sync(read)
    groups = await to_thread.run_sync(lambda: groups_to_show(materials))
    suggestions = await _asked(bridge, groups, found.library) if groups else []

    def prove() -> LearnRunResult:
        base = learn([], found.terms)
        outcome = prove_suggested(materials, suggestions, found.terms, base)
        counted = replace(
            outcome,
            runs=tuple(m.run for m in materials),
            lines=sum(m.lines for m in materials),
            explained=sum(m.explained for m in materials),
            groups=len(groups),
        )
        chosen = mode or bridge.config.learning.mode
        return _kept(bridge, found, counted, mode=chosen, dry=dry)

    return await to_thread.run_sync(prove)


async def _asked(bridge: Bridge, groups: Sequence[Group], library: Library) -> list[Candidate]:
    """The manager's suggestions for groups; what it is shown is redacted once more."""
    shown = tuple(
        tuple(bridge.redactor.text(line) for line in shown_lines(group)) for group in groups
    )
    request = LearnRequest(groups=shown, repository=bridge.root, seed=bridge.config.manager.seed)
    budget, about = bridge.config.manager.budget_tokens, sum(map(len, chain(*shown))) // 3
    if 0 < budget < about:
        raise BudgetExceeded(
            f"the manager would be shown about {about} tokens, the budget is {budget}",
            hint="Raise [manager] budget_tokens, or name fewer runs.",
        )

    async def hear(text: str) -> None:
        del text

    async with bridge.manager(bridge.manager_kind(), "learn") as manager:
        answer = await manager.learn(request, hear)
    found = suggested(answer.value, groups, library=library)
    cost = f"Suggested by {answer.model or manager.kind} for {answer.spent.total} tokens in all."
    return [
        replace(
            one, entry=one.entry.model_copy(update={"rationale": f"{one.entry.rationale} {cost}"})
        )
        for one in found
    ]


def materials_of(found: Tuning, replays: Sequence[Path]) -> list[Material]:
    """What kept runs have to tell, oldest first."""
    return [of_replay(read_replay(path), found.library) for path in replays]


def carried_out(
    bridge: Bridge, found: Tuning, materials: Sequence[Material], *, mode: Mode, dry: bool = False
) -> LearnRunResult:
    """A pass over lines, with its proposals written and let in as the mode says.

    Args:
        bridge: the workspace.
        found: its settings for learning.
        materials: lines of runs, oldest first.
        mode: what may be let in without a person.
        dry: write nothing; proposals are only told.
    """
    return _kept(bridge, found, learn(materials, found.terms), mode=mode, dry=dry)


def _kept(
    bridge: Bridge, found: Tuning, outcome: Outcome, *, mode: Mode, dry: bool
) -> LearnRunResult:
    base = LearnRunResult(
        runs=outcome.runs,
        lines=outcome.lines,
        explained=outcome.explained,
        groups=outcome.groups,
        written=(),
        refused=(*outcome.refused, *(_failed(p) for p in outcome.failed)),
    )
    place = found.place
    if dry:
        shown = tuple(_shown(found, proposal) for proposal in outcome.proposals)
        return base.model_copy(update={"written": shown})
    if outcome.proposals:
        bridge.make_dot()
    done = write_all(place, outcome.proposals, mode=mode)
    supersede(place, found.library, but=[s.proposal.id for s in done.stored])
    past = rows(place.folder)
    return base.model_copy(
        update={
            "written": tuple(item(place, stored, past) for stored in done.stored),
            "applied": tuple(done.applied),
            "refused": (*base.refused, *done.refused),
        }
    )


def _propose(bridge: Bridge, text: str, run: str) -> LearnProposeResult:
    found = tuning(bridge)
    hit = Explainer(found.library, live=LIVE).line(text.encode())
    if hit is not None:
        return LearnProposeResult(item=None, reason=f"{hit.pattern.name} explains it already")
    materials = materials_of(found, found.latest())
    if not any(s.text == text for m in materials for s in m.unexplained):
        materials.append(_line_alone(text, run))
    outcome = learn(materials, found.terms)
    fitting = [p for p in (*outcome.proposals, *outcome.failed) if _matches(p, text)]
    if not fitting:
        reason = next((r for r in outcome.refused if repr(text[:200]) in r), "")
        return LearnProposeResult(item=None, reason=reason or "no pattern can be made of it")
    bridge.make_dot()
    done = write_all(found.place, fitting[:1], mode="shadow")
    if done.stored:
        return LearnProposeResult(item=item(found.place, done.stored[0]))
    there = path_of(found.place.folder, fitting[0].id)
    known = item(found.place, read(there)) if there.is_file() else None
    return LearnProposeResult(item=known, reason="; ".join(done.refused))


def _shown(found: Tuning, proposal: Proposal) -> ProposalItem:
    """A proposal that is not written."""
    path = path_of(found.place.folder, proposal.id)
    stored = Stored(proposal=proposal, path=path, digest="")
    return item(found.place, stored, ()).model_copy(update={"state": "open"})


def _line_alone(text: str, run: str) -> Material:
    return Material(
        run=run, unexplained=(Sample(text=text, run=run),), owned=(), lines=1, explained=0
    )


def _matches(proposal: Proposal, text: str) -> bool:
    if proposal.pattern is None:
        return False
    try:
        return compiled(proposal.pattern).matches(text.encode())
    except PatternError:
        return False


def _replays(found: Tuning, runs: Sequence[str]) -> list[Path]:
    """The replays of the runs that are named, or of the latest, oldest first."""
    if not runs:
        return found.latest()
    there = {run_of(path): path for path in kept_replays(found.replays)}
    for run in runs:
        if run not in there:
            raise NotFoundError(
                f"run {run} has no replay", hint="Runs that ended have one; or name a log file."
            )
    return [path for run, path in there.items() if run in runs]


def _failed(proposal: Proposal) -> str:
    wrong = [f"{f.rule}: {f.detail}" for f in proposal.gate if not f.passed and f.rule != "risk"]
    return f"{proposal.title}: {'; '.join(wrong)}"
