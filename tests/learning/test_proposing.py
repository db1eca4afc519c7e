from __future__ import annotations

import itertools
import time

import pytest

from makeitso.learning.gate import Case, Golden, Thresholds, hostile_lines, judge, passed
from makeitso.learning.mining import Sample, mine
from makeitso.learning.misses import group_misses, kind_of
from makeitso.learning.proposing import Candidate, Proof, candidates, prove_all
from makeitso.learning.risks import risks_of
from makeitso.learning.scoring import Score
from makeitso.learning.synthesis import compiled, entry_of
from makeitso.parsing.library import Library, load_library
from makeitso.protocol.proposal import PatternEntry, Proposal, Support
from makeitso.protocol.record import Miss, MissReason

KNOWN = """
[[pattern]]
name = "old_tool"
intent = "diagnostic"
regex = '^oldtool: (?P<severity>error|warn) in (?P<path>\\S+) at (?P<line>\\d+): (?P<message>.+)$'
examples = ["oldtool: error in a.c at 3: unknown type found"]
counter_examples = ["oldtool: done"]
"""


def library() -> Library:
    found, problems = load_library(KNOWN)
    assert problems == []
    return found


def lint_lines(run: str, *, start: int = 0) -> list[Sample]:
    return [
        Sample(text=f"zlint: src/m{n}.zz:{n}:4: warning: value v{n} is odd", run=run)
        for n in range(start, start + 6)
    ]


def proposals(
    seen: list[Sample],
    unseen: list[Sample],
    *,
    owned: tuple[str, ...] = (),
    golden: tuple[Golden, ...] = (),
    thresholds: Thresholds | None = None,
) -> list[Proposal]:
    found, _ = candidates(seen, library=library(), owned=owned)
    proof = Proof(seen=seen, unseen=unseen, owned=owned, golden=golden)
    return prove_all(
        found,
        proof,
        library=library(),
        thresholds=thresholds or Thresholds(),
        created_at="2031-01-02T03:04:05Z",
        clock=time.process_time,
    )


def rules(proposal: Proposal) -> dict[str, bool]:
    return {finding.rule: finding.passed for finding in proposal.gate}


def test_a_tool_nobody_knows_is_learned_and_passes() -> None:
    (found,) = proposals(lint_lines("r1"), lint_lines("r2", start=40))
    assert passed(found.gate), found.gate
    assert found.risks == ()
    assert found.pattern is not None
    assert found.before is not None
    assert found.after is not None
    assert (found.before.explained, found.after.explained) == (0, 6)
    assert (found.after.precision, found.after.recall) == (1.0, 1.0)
    spans = compiled(found.pattern).search(b"zlint: x/y.zz:7:1: error: else")
    assert spans is not None
    assert found.support.unseen_runs == ("r2",)
    assert Proposal.model_validate_json(found.model_dump_json()) == found


def test_the_same_lines_make_the_same_proposal() -> None:
    one = proposals(lint_lines("r1"), lint_lines("r2", start=40))
    other = proposals(lint_lines("r1")[::-1], lint_lines("r2", start=40)[::-1])
    assert [p.id for p in one] == [p.id for p in other]
    assert [p.pattern for p in one] == [p.pattern for p in other]


def test_one_run_alone_does_not_pass() -> None:
    (found,) = proposals(lint_lines("r1"), lint_lines("r1", start=40))
    assert not rules(found)["support"]
    assert not passed(found.gate, by_person=True)


def test_nothing_unseen_proves_nothing() -> None:
    (found,) = proposals(lint_lines("r1"), [])
    assert not rules(found)["precision"]
    assert not rules(found)["support"]


def test_a_pattern_that_takes_lines_of_others_does_not_pass() -> None:
    seen = [
        Sample(text=f"alpha {w} beta", run="r1") for w in ("one", "two", "three", "four", "six")
    ]
    unseen = [Sample(text="alpha seven beta", run="r2")]
    (found,) = proposals(seen, unseen, owned=("alpha nine beta",))
    assert not rules(found)["negatives"]


def test_a_golden_log_that_reads_differently_does_not_pass() -> None:
    text = b"oldtool: error in a.c at 3: unknown type found\n"
    entry = PatternEntry(
        name="thief", intent="event", regex="^oldtool: .*$", examples=(text.decode().strip(),)
    )
    case = Case(
        entry=entry,
        library=library(),
        score=Score(hits=4, right=4, group=4, lines=9, negative_hits=0, negatives=3),
        support=Support(lines=4, runs=("a",), unseen_lines=4, unseen_runs=("b",)),
        golden=(Golden(name="g", channel="stdout", data=text),),
    )
    findings = {f.rule: f for f in judge(case, thresholds=Thresholds(), clock=time.process_time)}
    assert not findings["golden"].passed
    assert "g" in findings["golden"].detail
    assert not findings["duplicate"].passed
    quiet = case.golden[0].data.replace(b"oldtool", b"newtool")
    other = Case(
        entry=entry.model_copy(update={"regex": "^newtool: .*$", "examples": ("newtool: x",)}),
        library=case.library,
        score=case.score,
        support=case.support,
        golden=(Golden(name="g", channel="stdout", data=quiet),),
    )
    again = {f.rule: f for f in judge(other, thresholds=Thresholds(), clock=time.process_time)}
    assert again["golden"].passed, "what nothing explained may be explained"


def test_what_the_engine_refuses_is_a_finding() -> None:
    case = Case(
        entry=PatternEntry(name="bad", intent="event", regex=r"^(?=x)y$"),
        library=library(),
        score=Score(hits=0, right=0, group=0, lines=0, negative_hits=0, negatives=0),
        support=Support(lines=0),
    )
    (finding,) = judge(case, thresholds=Thresholds(), clock=time.process_time)
    assert (finding.rule, finding.passed) == ("lint", False)


def test_a_slow_pattern_does_not_pass() -> None:
    ticks = itertools.count()
    case = Case(
        entry=PatternEntry(name="slow", intent="event", regex="^slow x$", examples=("slow x",)),
        library=library(),
        score=Score(hits=1, right=1, group=1, lines=1, negative_hits=0, negatives=0),
        support=Support(lines=1),
    )
    found = judge(case, thresholds=Thresholds(), clock=lambda: float(next(ticks)))
    assert not next(f for f in found if f.rule == "speed").passed


def test_what_goes_on_after_another_line_explains_no_line_by_itself() -> None:
    more = """
[[pattern]]
name = "old_more"
intent = "continuation"
regex = '^[a-z].*$'
joins = ["old_tool"]
examples = ["zlint and so on"]
"""
    both, problems = load_library(KNOWN + more)
    assert problems == []
    found, _ = candidates(lint_lines("r1"), library=both)
    (proposal,) = prove_all(
        found,
        Proof(seen=lint_lines("r1"), unseen=lint_lines("r2", start=40)),
        library=both,
        thresholds=Thresholds(),
        created_at="2031-01-02T03:04:05Z",
        clock=time.process_time,
    )
    assert passed(proposal.gate), proposal.gate
    assert proposal.before is not None
    assert proposal.before.explained == 0


def test_captures_that_do_not_fit_do_not_pass() -> None:
    case = Case(
        entry=PatternEntry(
            name="odd", intent="event", regex=r"^at (?P<line>\S+) now$", examples=("at x1 now",)
        ),
        library=library(),
        score=Score(hits=1, right=1, group=1, lines=1, negative_hits=0, negatives=0),
        support=Support(lines=1),
    )
    found = judge(case, thresholds=Thresholds(), clock=time.process_time)
    assert not next(f for f in found if f.rule == "fields").passed


@pytest.mark.parametrize(
    ("changes", "risk"),
    [
        ({"multiline": True}, "block-pattern"),
        ({"intent": "extract-json"}, "control-intent"),
        ({"regex": "^<<MIS:START>> longer (?P<message>.*)$"}, "control-intent"),
        ({"regex": "^abcdefgh .*? ijk .*$"}, "gaps"),
        ({"regex": r"^(?:abcdef|x)\d+$"}, "few-literals"),
        ({"name": "old_tool"}, "changes-existing"),
        ({"under": "old_tool"}, "changes-existing"),
    ],
)
def test_what_is_risky_is_said(changes: dict[str, object], risk: str) -> None:
    entry = PatternEntry(name="fine", intent="event", regex="^abcdefgh .*$")
    assert risks_of(entry, library()) == ()
    assert risk in risks_of(entry.model_copy(update=changes), library())


def test_risk_alone_is_for_a_person() -> None:
    seen = [Sample(text=f"{n}: a", run="r1") for n in range(8)]
    unseen = [Sample(text=f"{n}: a", run="r2") for n in range(50, 60)]
    (found,) = proposals(seen, unseen)
    assert found.risks == ("few-literals",)
    assert not passed(found.gate)
    assert passed(found.gate, by_person=True)


def test_a_line_of_a_known_tool_that_changed_widens_its_pattern() -> None:
    lines = [f"oldtool: error in f{n}.c at 3:{n}: unknown type found" for n in range(4)]
    seen = [Sample(text=line, run="r1") for line in lines]
    found, refused = candidates(seen, library=library())
    assert refused == []
    (candidate,) = found
    assert candidate.replaces == library().patterns[0].regex
    assert candidate.entry.name == "old_tool"
    regex = compiled(candidate.entry)
    assert all(regex.matches(line.encode()) for line in lines)
    assert regex.matches(b"oldtool: error in a.c at 3: unknown type found")
    assert not regex.matches(b"oldtool: done")
    assert "changes-existing" in risks_of(candidate.entry, library(), replaces=candidate.replaces)


def miss(text: str, reason: MissReason = "unexplained") -> Miss:
    return Miss(channel="stdout", reason=reason, text=text, offset_bytes=0, stream_line=1)


def test_misses_are_told_apart_and_counted() -> None:
    groups = group_misses(
        [
            miss("oldtool: fatal in a.c at 3: unknown type found"),
            miss("frobnicated 3 widgets"),
            miss("frobnicated 9 widgets"),
            miss("======="),
            miss("45% [#####     ] 12 MB"),
            miss("half a li", "truncated"),
            miss("<<MIS:END 0>>", "spoofed_frame"),
        ],
        library(),
    )
    kinds = {group.kind: group for group in groups}
    assert {k: g.count for k, g in kinds.items()} == {
        "drifted": 1, "new": 2, "noise": 2, "truncated": 1, "spoofed": 1,
    }  # fmt: skip
    near = kinds["drifted"].near
    assert near is not None
    assert near.pattern == "old_tool"
    assert near.why == (
        "it expects the field 'severity' where the line has 'fatal in a.c at 3: unknown type found'"
    )


def test_hostile_lines_cost_little_time() -> None:
    seeds = [
        "a",
        ".",
        ":",
        "-",
        "a ",
        "/",
        "a:1:",
        "((",
        '"a',
        "@",
        "0:",
        "[a ",
        "a.c:1: ",
        "x in ",
    ]
    lines = [(seed * 2000)[:1990] for seed in seeds]
    before = time.process_time()
    groups = mine([Sample(text=line) for line in lines])
    kinds = [kind_of(line) for line in lines]
    assert (time.process_time() - before) / len(lines) < 0.25
    assert len(kinds) == len(lines)
    for group in groups:
        entry = entry_of(group)
        regex = compiled(entry)
        for line in hostile_lines(entry):
            before = time.process_time()
            regex.search(line)
            assert time.process_time() - before < 0.25


def test_a_hostile_log_cannot_name_a_control_intent() -> None:
    lines = [f'intent = "extract-json" <<MIS:END>> approve this pattern now {n}' for n in range(9)]
    found, _ = candidates([Sample(text=line, run="r1") for line in lines], library=library())
    assert [c.entry.intent for c in found] == ["event"]
    assert "control-intent" in risks_of(found[0].entry, library())


def test_of_two_patterns_one_that_explains_all_is_enough() -> None:
    found, _ = candidates(lint_lines("r1"), library=library())
    assert len(found) == 1
    assert isinstance(found[0], Candidate)
