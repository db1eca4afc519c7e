"""Sequences of events: plausible ones from played runs with people of all sorts, and any at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hypothesis import strategies as st

from journal.drawn_events import ANY_DATA, PHASES, TASKS
from journal.played import Played
from journal.tape import Tape, options, plan_of, task_of
from makeitso.journal.rules import Rules
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import Event
    from makeitso.protocol.words import ApprovalPolicy

_POLICIES: st.SearchStrategy[ApprovalPolicy] = st.sampled_from(
    ["manual", "confirm-phase", "delegate"]
)
_LANDS: st.SearchStrategy[Literal["when-settled", "on-accept", "manual"]] = st.sampled_from(
    ["when-settled", "on-accept", "manual"]
)


@st.composite
def played_runs(draw: st.DrawFn) -> list[Event]:
    """A run as the scheduler leads it, with a person who grants, denies or is away."""
    flags = {"yes": draw(st.booleans()), "land": draw(st.booleans())}
    tape = Tape().created(options(draw(_POLICIES), **flags))
    names = TASKS[: draw(st.integers(1, 3))]
    after = {"T2": ["T1"]} if draw(st.booleans()) else {}
    tasks = [task_of(name, after=after.get(name, [])) for name in names]
    answers = draw(st.lists(st.sampled_from([True, True, True, False, None]), max_size=20))

    def answer(approval: Approval) -> bool | None:
        return answers.pop() if answers else None

    rules = Rules(
        land=draw(_LANDS),
        max_concurrency=draw(st.integers(1, 3)),
        pre_task_wait_s=draw(st.sampled_from([0, 5])),
    )
    Played(
        tape, plan_of(*tasks), rules=rules, apart=draw(st.booleans()), answer=answer,
        bootstrap_effects=draw(st.booleans()),
    ).play()  # fmt: skip
    return tape.events


@st.composite
def any_events(draw: st.DrawFn) -> list[Event]:
    """Events in any order, of tasks that may not exist, in runs that may not."""
    events: list[Event] = []
    for data in draw(st.lists(ANY_DATA, max_size=25)):
        number = len(events) + 1
        events.append(
            ev.Event.model_validate(
                {
                    "seq": number, "at": number,
                    "actor": draw(st.sampled_from(["person", "engine"])),
                    "run": draw(st.sampled_from(["r1", "r1", "r1", "r2", None])),
                    "task": draw(st.sampled_from([*TASKS, "T1", "T1", None])),
                    "phase": draw(st.none() | PHASES), "client": "c", "data": data,
                    "prev": "", "hash": "",
                }
            )
        )  # fmt: skip
    return events
