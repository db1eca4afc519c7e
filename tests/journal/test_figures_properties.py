from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from journal import audit_tape as on
from journal.audit_tape import CHECK, Tape
from makeitso.journal.figures import Audit, figures
from makeitso.plans.globs import matches
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.events import EventData

BUDGET = settings(max_examples=60, deadline=None)
SPECS = (on.task("T1", files=("a*",), checks=(CHECK,)), on.task("T2", after=("T1",), budget=5))
SAID: list[EventData] = [
    on.planned(*SPECS, attempts=2),
    on.planned(SPECS[0], attempts=0),
    on.usage("manager", 3, 4),
    on.usage("worker", 5, 6),
    on.record(),
    on.miss(count=2),
    on.check("proposal", 0, size=4),
    on.check("landed", 1),
    on.proposed(("h1", "a"), ("h2", "b"), ("h3", "c"), refused=("h3",)),
    on.landed("h1", conflicts=("h2",)),
    ev.HunkMarked(hunks=("h1", "h2"), mark="accepted"),
    ev.HunkMarked(hunks=("h2",), mark="rejected"),
    ev.HunkSplit(hunk="h1", parts=("h1.1", "h1.2")),
    ev.TurnStarted(intent="EXEC", round=1, prompt_digest=""),
    ev.TurnEnded(status="interrupted", outputs=(on.ref(8),)),
    ev.ApprovalAsked(id="x", kind="budget", subject="", digest=""),
    ev.ApprovalAsked(id="y", kind="command", subject="", digest=""),
    ev.ApprovalAsked(id="y", kind="command", subject="", digest="", tasks=("T1", "T2")),
    ev.ApprovalDecided(id="x", grant=True, who="ada"),
    ev.ApprovalVoided(id="y", reason=""),
    ev.TimeCounted(active_ms=9, run_ms=7),
    ev.TaskTakenUp(how="redo"),
    ev.TaskEnded(state="landed"),
    ev.TaskEnded(state="failed"),
    ev.RunPaused(state="waiting", reason="", exit_code=3),
    ev.RunResumed(),
    ev.RunFinished(state="done"),
    on.wait("plan"),
    on.wait("manager"),
    *(ev.WaitEnded(wait=seq, reason="elapsed") for seq in (3, 4, 5, 6)),
    on.looked(4),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(SAID),
        st.sampled_from(["r1", "r2", "gone"]),
        st.sampled_from(["T1", "T2", "T9", None]),
        st.integers(0, 50),
    ),
    max_size=40,
)


def taped(steps: list[tuple[EventData, str, str | None, int]]) -> Tape:
    """Any events in any order, of tasks that may not exist, in a run that was never created."""
    tape, at = Tape(), 0
    tape.created(at, run="r1", budget=20)
    tape.created(at, run="r2")
    for data, run, task, later in steps:
        at += later
        if isinstance(data, ev.ApprovalAsked | ev.ApprovalDecided | ev.ApprovalVoided):
            data = data.model_copy(update={"id": f"{data.id}-{run}"})
        tape.at(at, data, run=run, task=task, actor="person")
    return tape


@BUDGET
@given(steps=STEPS, looks=st.sets(st.integers(0, 42)))
def test_looking_on_the_way_changes_nothing(
    steps: list[tuple[EventData, str, str | None, int]], looks: set[int]
) -> None:
    tape = taped(steps)
    tally = Audit(covers=matches)
    for number, event in enumerate(tape.events):
        if number in looks:
            tally.figures()
        tally.add(event)
    assert tally.figures() == figures(tape.events, covers=matches)


@BUDGET
@given(steps=STEPS)
def test_the_total_is_the_sum_of_the_runs(
    steps: list[tuple[EventData, str, str | None, int]],
) -> None:
    tape = taped(steps)
    found = figures(tape.events, covers=matches)
    runs = [run.figures for run in found.by_run]
    total = found.total
    assert total.tokens.total == sum(run.tokens.total for run in runs)
    assert total.hunks.proposed == sum(run.hunks.proposed for run in runs)
    assert sum(total.tasks.values()) == sum(sum(run.tasks.values()) for run in runs)
    assert total.latency.turn.count == sum(run.latency.turn.count for run in runs)
    waited = [run.waits.person_ms for run in runs]
    assert max(waited) <= total.waits.person_ms <= sum(waited)
    for run in found.by_run:
        alone = figures(tape.events, covers=matches, runs=[run.id], until=found.last_at)
        assert alone.by_run == (run,)
        assert alone.total == run.figures


@BUDGET
@given(steps=STEPS)
def test_no_task_costs_more_than_its_run(
    steps: list[tuple[EventData, str, str | None, int]],
) -> None:
    for run in figures(taped(steps).events, covers=matches).by_run:
        found = run.figures
        assert len(run.tasks) == sum(found.tasks.values())
        assert sum(task.tokens for task in run.tasks) <= found.tokens.total
        for task in run.tasks:
            assert task.person_ms <= found.waits.person_ms
            assert task.approvals <= sum(asked.asked for asked in found.approvals)
            assert (task.nearest is None) == (task.share is None)


@BUDGET
@given(steps=STEPS)
def test_every_share_is_one(steps: list[tuple[EventData, str, str | None, int]]) -> None:
    total = figures(taped(steps).events, covers=matches).total
    for share in (total.parse.success, total.adherence.score, total.hunks.acceptance):
        assert share is None or 0 <= share <= 1
    marked = total.hunks.accepted + total.hunks.rejected
    assert total.hunks.proposed == marked + total.hunks.pending + total.hunks.refused
