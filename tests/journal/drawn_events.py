"""Any event at all, of every type there is, with fields that fit each other now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from journal.tape import ASK, options, plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.events_review import INTERRUPTED
from makeitso.protocol.record import Miss, Record
from makeitso.protocol.wait import Pace, WaitFor

if TYPE_CHECKING:
    from makeitso.protocol.events import EventData

TASKS = ("T1", "T2", "T3")
HUNKS = ("h1", "h2", "h3", "h1.1", "h1.2")
PHASES = st.sampled_from(["bootstrap", "task", "verify", "summarize"])
_NAMES = st.sampled_from(["a1", "a2", "a3"])
_ACTIONS = st.sampled_from(["", "x", "y"])
_MARKS = st.sampled_from(["pending", "accepted", "rejected"])
_ENDS = st.sampled_from(["landed", "failed", "stopped"])
_LANDINGS = st.sampled_from(["l1", "l2"])
_TARGETS = st.sampled_from(["files", "index", "commit", "branch"])
_SOME_HUNKS = st.lists(st.sampled_from(HUNKS), max_size=3, unique=True).map(tuple)


def _some(model: type, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[EventData]:
    return st.fixed_dictionaries(fields).map(model.model_validate)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownArgumentType, reportUnknownMemberType]


def _landing_fields() -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {
            "id": _LANDINGS, "run": st.just("r"), "task": st.sampled_from(TASKS),
            "landed": _SOME_HUNKS, "conflicts": _SOME_HUNKS, "files": st.just(()),
            "merged": st.booleans(), "target": _TARGETS,
        }
    )  # fmt: skip


_REFS = st.lists(
    st.builds(
        ev.HunkRef,
        id=st.sampled_from(HUNKS[:3]),
        path=st.just("a.py"),
        must_ask=st.booleans(),
        refused=st.sampled_from(["", "", "a link"]),
    ),
    max_size=3,
    unique_by=lambda ref: ref.id,
).map(tuple)


def _plan(made: tuple[tuple[str, ...], str]) -> ev.PlanMade:
    names, digest = made
    plan = plan_of(*names)
    digests = {name: f"{digest}/{name}" for name in names}
    return ev.PlanMade(path="p.plan.md", plan=plan, digest=digest, task_digests=digests)


_PLANS = st.tuples(
    st.lists(st.sampled_from(TASKS), min_size=1, unique=True).map(tuple), st.sampled_from("de")
).map(_plan)
_CREATED = ev.RunCreated(
    goal="g", plan="p.plan.md", options=options(), policies=ASK, config_digest="", version="0"
)
_BASE = ev.SnapshotTaken(name="base", tree="t", commit="c", ref="r")
_ERRORS = st.sampled_from(["", "", "no room", INTERRUPTED])
_ORDERED = st.lists(st.sampled_from(HUNKS), max_size=3, unique=True).map(sorted).map(tuple)
_CEILINGS = st.builds(
    Ceiling,
    scope=st.sampled_from(["run", "plan", "task", "phase"]),
    measure=st.sampled_from(["tokens", "time"]),
    task=st.none() | st.sampled_from(TASKS),
    phase=st.none() | PHASES,
    limit=st.integers(1, 9),
    used=st.integers(0, 12),
    grant=st.just(5),
)


_CUT = ev.HunkSplit(hunk="h2", parts=("h2.1", "h2.2"), before=(1,))


def _changes() -> st.SearchStrategy[EventData]:
    return _some(
        ev.ChangeProposed, base_tree=st.just("t"), tree=st.sampled_from("tu"), commit=st.just("c"),
        files=st.just(1), hunks=_REFS, held=st.booleans(), digest=st.sampled_from("de"),
        splits=st.sampled_from([{}, {}, {"h1": ("h1.1", "h1.2")}]),
        carried=st.dictionaries(st.sampled_from(HUNKS), st.sampled_from(HUNKS), max_size=2),
        cuts=st.sampled_from([(), (), (_CUT,)]),
        marks=st.dictionaries(st.sampled_from(HUNKS), _MARKS, max_size=2),
        action=_ACTIONS, undoes=_ACTIONS,
    )  # fmt: skip


DRAWN: tuple[st.SearchStrategy[EventData], ...] = (
    st.just(_CREATED),
    _PLANS,
    _some(ev.RunResumed, yes=st.booleans(), asks=st.booleans()),
    st.just(ev.StopRequested(reason="enough")),
    _some(ev.TaskHeld, until=st.just(("T1",)), reason=st.just("r")),
    _some(ev.TaskStale, reason=st.sampled_from(["", "gone"]), question=st.sampled_from("de")),
    _some(ev.TaskTakenUp, how=st.sampled_from(["redo", "keep", "retry"])),
    _some(ev.RetryPlanned, what=st.just("turn"), attempt=st.integers(1, 3), at=st.just(5),
          reason=st.just("r")),
    _some(ev.RunPaused, state=st.sampled_from(["waiting", "stopped"]), reason=st.just("r"),
          exit_code=st.just(3)),
    _some(ev.RunFinished, state=st.sampled_from(["done", "failed", "stopped"])),
    st.just(ev.TaskStarted()),
    st.just(ev.TaskReviewing()),
    st.just(ev.PhaseStarted()),
    _some(ev.TaskEnded, state=_ENDS),
    _some(ev.PhaseEnded, state=st.sampled_from(["passed", "failed", "skipped"]),
          effects=st.booleans()),
    _some(ev.SnapshotTaken, name=st.sampled_from(["base", "round-1", "landed-1"]),
          tree=st.sampled_from("tu"), commit=st.just("c"), ref=st.just("r"),
          on=st.just(()) | st.just((ev.BuiltOn(task="T1", hunks=("h1", "h2")),))),
    st.just(ev.WorktreeCreated(path="/w", commit="c")),
    st.just(ev.WorktreeRemoved(path="/w")),
    _some(ev.SetupRan, command=st.just("make"), exit_code=st.sampled_from([0, 1, None]),
          duration_ms=st.just(1)),
    st.just(ev.WorktreePrepared(copied=1, copied_bytes=2)),
    _some(ev.WorkerStarted, worker=st.just("codex"), pid=st.just(1), start_time=st.just(1.0),
          thread=st.sampled_from("xy"), program=st.just("p")),
    st.just(ev.WorkerEnded(reason="done")),
    _some(ev.WaitStarted, by=st.sampled_from(["config", "plan", "manager"]), until=st.just(9),
          wait=st.sampled_from([WaitFor(seconds=1), WaitFor(command="c")]), because=st.just("b"),
          pace=st.just(Pace(strategy="fixed", base_s=1, max_s=1))),
    _some(ev.WaitLooked, wait=st.integers(1, 9), exit_code=st.sampled_from([0, 1, None]),
          duration_ms=st.just(1), sandboxed=st.just(True), next_at=st.none()),
    _some(ev.WaitEnded, wait=st.integers(1, 9), reason=st.sampled_from(["elapsed", "gave_up"])),
    _some(ev.TurnStarted, intent=st.sampled_from(["EXEC", "FIX"]), round=st.integers(1, 3),
          prompt_digest=st.just("d")),
    _some(ev.TurnEnded, status=st.sampled_from(["completed", "interrupted", "failed"])),
    st.just(ev.CommandRan(command="ls", exit_code=0)),
    st.just(ev.MissFound(
        miss=Miss(channel="stdout", reason="unexplained", text="?", offset_bytes=0, stream_line=1)
    )),
    _some(ev.UsageCounted, source=st.sampled_from(["manager", "worker"]),
          input_tokens=st.integers(0, 9), output_tokens=st.integers(0, 9),
          thread_input=st.integers(0, 9)),
    _some(ev.ManagerAsked, intent=st.sampled_from(["PLAN", "EVAL"])),
    _some(ev.MonitorInterrupted, who=st.sampled_from(["worker", "manager"]),
          cause=st.sampled_from(["stall", "loop"]), detail=st.just("d")),
    _some(ev.ManagerJudged, verdict=st.sampled_from(["done", "continue", "abort"]),
          round=st.integers(0, 3)),
    _some(ev.CheckRan, command=st.sampled_from(["check T1", "other"]),
          where=st.sampled_from(["base", "round", "proposal", "landed"]), tree=st.just("t"),
          exit_code=st.sampled_from([0, 1, None]), duration_ms=st.just(1), sandboxed=st.just(True)),
    _changes(),
    _some(ev.HunkMarked, hunks=_SOME_HUNKS, mark=_MARKS, because=st.sampled_from(["", "no"])),
    _some(ev.HunkMarked, hunks=_SOME_HUNKS, mark=_MARKS, action=_ACTIONS, undoes=_ACTIONS),
    _some(ev.HunkSplit, hunk=st.sampled_from(HUNKS), parts=st.just(("h1.1", "h1.2")),
          action=_ACTIONS),
    _some(ev.HunkSplit, hunk=st.just("h1.1"), parts=st.just(("h1.1.1", "h1.1.2")),
          before=st.just((1,))),
    _some(ev.HunkSplit, hunk=st.sampled_from(HUNKS), parts=st.just(()), action=_ACTIONS),
    _some(ev.ReviewLooked, hunks=_SOME_HUNKS),
    _some(ev.LandRequested, target=st.none() | _TARGETS),
    _some(ev.LandingStarted, id=_LANDINGS, hunks=_SOME_HUNKS, files=st.just(()),
          undoes=st.none() | _LANDINGS),
    _some(ev.LandingEnded, landing=_landing_fields(), error=_ERRORS),
    _some(ev.UndoRequested, landing=_LANDINGS),
    _some(ev.LandingUndone, id=st.sampled_from(["u1", "u2"]), landing=_LANDINGS, hunks=_SOME_HUNKS,
          files=st.just(()), conflicts=st.sampled_from([{}, {"a.py": "changed since"}]),
          error=_ERRORS),
    _some(ev.CommentAdded, text=st.sampled_from(["why?", "so"]),
          hunk=st.none() | st.sampled_from(HUNKS), path=st.sampled_from(["", "a.py"]),
          line=st.none() | st.integers(1, 9)),
    _some(ev.CommentWithdrawn, id=st.integers(1, 25).map("c{}".format)),
    _some(ev.TaskSentBack, tree=st.sampled_from("tu"), commit=st.just("c"), ref=st.just("r"),
          comments=st.lists(st.integers(1, 25).map("c{}".format), max_size=3).map(tuple),
          accepted=_SOME_HUNKS, rejected=_SOME_HUNKS, open=_SOME_HUNKS, instructions=st.just("i")),
    st.just(ev.CheckRequested()),
    _some(ev.AcceptedChecked, tree=st.sampled_from(["", "t"]), hunks=_ORDERED, of=st.integers(0, 3),
          passed=st.sampled_from([True, False, None]), holds=st.booleans()),
    _some(ev.ReviewOpened, title=st.sampled_from(["theirs", "moved on"]), round=st.integers(1, 3),
          source=st.just(ev.ReviewSource(kind="branch", name="b", key="branch b")),
          name=st.sampled_from(TASKS), base=st.just(_BASE), change=_changes(),
          carried=st.dictionaries(st.sampled_from(HUNKS), _MARKS, max_size=2),
          options=st.just(options()), policies=st.just(_CREATED.policies), version=st.just("0")),
    _some(ev.TimeCounted, active_ms=st.integers(0, 9), run_ms=st.integers(0, 9)),
    _some(ev.BudgetNeared, ceiling=_CEILINGS),
    _some(ev.RecordFound, record=st.just(Record(
        pattern="p", intent="diagnostic", channel="stdout", offset_bytes=0, stream_line=1
    ))),
    _some(ev.OutputParsed, channel=st.just("stdout"), lines=st.integers(0, 9),
          explained_lines=st.just(0), size_bytes=st.just(1), explained_bytes=st.just(0)),
    _some(ev.ArtifactCaptured, kind=st.sampled_from(["patch", "file"]), path=st.just("p"),
          size_bytes=st.just(1), digest=st.just("d")),
    st.just(ev.SummaryWritten(text="said", source="worker")),
    st.just(ev.NoteAdded(text="note")),
    _some(ev.ApprovalAsked, id=_NAMES, digest=st.sampled_from("de"), subject=st.just("s"),
          kind=st.sampled_from(["plan", "phase", "command", "change", "budget"]),
          tasks=st.lists(st.sampled_from(TASKS), unique=True).map(tuple),
          enters=st.none() | PHASES),
    _some(ev.ApprovalDecided, id=_NAMES, grant=st.booleans(), who=st.sampled_from(["ada", "bob"]),
          scope=st.sampled_from(["once", "task", "run", "until-red"])),
    _some(ev.ApprovalVoided, id=_NAMES, reason=st.just("fell away")),
    _some(ev.ApprovalUsed, id=_NAMES),
    _some(ev.RuleStored, id=_NAMES, rule=st.just("r1")),
)  # fmt: skip
"""A strategy or more for each type."""
ANY_DATA: st.SearchStrategy[EventData] = st.one_of(*DRAWN)
