"""`mis approve --always`, `--rules`, `--revoke`, `--add-rule`, also when killed in between."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from mis_process import Ended, Mis, mis_in

from journal.tape import options
from makeitso.protocol import events as ev
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

RUN = "r20261122-1"
Row = dict[str, object]


def asked(subject: str, pattern: str = "", number: int = 1) -> ev.ApprovalAsked:
    return ev.ApprovalAsked(
        id=f"a{number}",
        kind="command",
        tasks=("T1",),
        subject=subject,
        digest=f"d{number}",
        unsandboxed=True,
        scopes=("once", "task", "run", "always") if pattern else ("once", "task", "run"),
        pattern=pattern,
    )


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    """A workspace whose run has two open questions."""
    found = mis_in(tmp_path)
    (found.work / ".makeitso").mkdir()
    journal = Journal(found.work / ".makeitso/journal.db", clock=SystemClock(), client="test")
    may = ev.PoliciesInForce(write_files="ask", run_shell="ask", network="ask")
    created = ev.RunCreated(
        goal="g", plan="p.plan.md", options=options(), policies=may, config_digest="c", version="0"
    )
    for data in (
        created, asked("git fetch origin", "git fetch *"), asked("npx eslint .", number=2)
    ):  # fmt: skip
        journal.append(data, actor="engine", run=RUN)
    journal.close()
    return found


def rules(mis: Mis) -> list[Row]:
    listed = mis.inside("approve", "--rules", "--json")
    assert listed.code == 0, listed
    return cast("list[Row]", cast("Row", listed.json)["rules"])


def states(mis: Mis) -> dict[str, str]:
    rows = cast("list[Row]", mis.inside("approve", "--list", "--all", "--json").json)
    return {str(row["id"]): str(row["state"]) for row in rows}


def said(ended: Ended, code: int, *words: str) -> None:
    __tracebackhide__ = True
    assert ended.code == code, ended
    text = " ".join((ended.out + ended.err).split())
    for word in words:
        assert word in text, ended


def test_an_answer_for_always_is_listed_used_and_taken_back(mis: Mis) -> None:
    said(mis("approve", "--list"), 0, 'always: mis approve a1 --always "git fetch *"')
    done = mis("approve", "a1", "--always", "git fetch *")
    said(done, 0, "a1 granted: git fetch origin", "r1 allow `git fetch *` in", "--revoke r1")
    assert states(mis) == {"a1": "granted", "a2": "pending"}
    (rule,) = rules(mis)
    assert (rule["approval"], rule["run"], rule["holds"]) == ("a1", RUN, True)
    assert rule["workspace"] == str(mis.work)
    shown = mis("approve", "--rules")
    said(
        shown,
        0,
        "r1 allow git fetch *",
        "here",
        f"from a1 of {RUN}",
        "not used here",
        "rules.toml:",
    )
    said(mis("approve", "--revoke", "r1"), 0, "taken back")
    assert rules(mis) == []
    said(mis("approve", "--revoke", "r1"), 2, "there is no rule r1")
    said(mis("approve", "--rules"), 0, "no rules are stored")


def test_how_often_a_rule_answered_is_counted(mis: Mis) -> None:
    mis.inside("approve", "--add-rule", "allow", "git fetch *")
    journal = Journal(mis.work / ".makeitso/journal.db", clock=SystemClock(), client="test")
    decided = ev.ApprovalDecided(id="a1", grant=True, who="rule r1")
    journal.append(decided, actor="policy", run=RUN)
    journal.close()
    (rule,) = rules(mis)
    assert rule["uses"] == 1
    assert cast("int", rule["last_used_at"]) > 1_700_000_000_000
    said(mis.inside("approve", "--rules"), 0, "used 1 time here")
    audit = cast("dict[str, dict[str, Row]]", mis.inside("audit", "--json").json)
    assert audit["total"]["deciders"] == {"rule r1": 1}


def test_a_denial_for_always(mis: Mis) -> None:
    done = mis.inside(
        "approve", "--deny", "--always", "npx *", "a2", "--because", "we lint elsewhere"
    )
    said(done, 0, "a2 denied", "r1 deny `npx *`")
    (rule,) = rules(mis)
    assert (rule["decision"], rule["note"]) == ("deny", "we lint elsewhere")


def test_without_a_pattern_one_is_proposed_and_nothing_decided_unasked(mis: Mis) -> None:
    for args in (("a1", "--always"), ("--always", "a1"), ("a1", "--scope", "always")):
        ended = mis.inside("approve", *args)
        said(ended, 2, "`git fetch *` would do", 'mis approve a1 --always "git fetch *"')
    assert states(mis)["a1"] == "pending"
    assert rules(mis) == []


@pytest.mark.parametrize(("answer", "code", "state"), [("y\n", 0, "granted"), ("\n", 2, "pending")])
def test_on_a_terminal_the_proposal_is_confirmed(
    mis: Mis, answer: str, code: int, state: str
) -> None:
    done = mis.on_terminal("approve", "a1", "--always", until="[y/N]", answer=answer)
    assert done.code == code, done
    assert "outside the sandbox and unasked, every `git fetch *` here?" in done.out
    assert states(mis)["a1"] == state
    assert len(rules(mis)) == (code == 0)


REFUSED = {
    "too far": (("a1", "--always", "git *"), "does not say what `git` is to do"),
    "another command": (("a1", "--always", "git push *"), "does not match every command"),
    "an interpreter": (("a2", "--always", "npx *"), "cannot be granted with scope always"),
    "nothing to propose": (("a2", "--always"), "no pattern to propose"),
    "no approval": (("--always", "git fetch *"), "--always needs an approval"),
    "two scopes": (("a1", "--always", "git fetch *", "--scope", "run"), "exclude each other"),
    "a rule and an answer": (("a1", "--rules"), "make two"),
    "no decision": (("--add-rule", "permit", "ls"), "no decision permit"),
    "a shell as a rule": (("--add-rule", "allow", "sh -c *"), "any code it is given"),
    "everywhere alone": (("a1", "--everywhere"), "needs --add-rule"),
}


def test_what_cannot_be_is_refused_with_the_reason(mis: Mis) -> None:
    for args, words in REFUSED.values():
        said(mis.inside("approve", *args), 2, words)
    assert set(states(mis).values()) == {"pending"}
    assert rules(mis) == []


def test_rules_are_stored_unasked(mis: Mis) -> None:
    said(
        mis.inside("approve", "--add-rule", "deny", "npm publish *", "--everywhere"),
        0,
        "everywhere",
    )
    said(mis.inside("approve", "--add-rule", "allow", "ls", "--everywhere"), 0, "stored")
    deny, allow = rules(mis)
    assert (deny["workspace"], deny["holds"]) == ("*", True)
    assert (allow["holds"], "run_shell = auto" in str(allow["why_not"])) == (False, True)
    automatic = mis.inside("-c", "policies.run_shell=auto", "approve", "--rules", "--json")
    assert all(rule["holds"] for rule in cast("dict[str, list[Row]]", automatic.json)["rules"])
    for setting in ("policies.network=never", "manager.approval=manual"):
        listed = mis.inside(
            "-c", setting, "-c", "policies.run_shell=auto", "approve", "--rules", "--json"
        )
        holding = [
            r["id"] for r in cast("dict[str, list[Row]]", listed.json)["rules"] if r["holds"]
        ]
        assert holding == ["r1"], "what denies holds"


def test_a_broken_file_is_said_everywhere_and_stops_no_other_answer(mis: Mis) -> None:
    mis.inside("approve", "--add-rule", "allow", "ls")
    file = mis.home / "config/makeitso/rules.toml"
    file.write_text(file.read_text().replace('"allow"', '"alow"'))
    place = f"{file}:7:12"
    assert mis.inside("approve", "--rules").err.startswith(place)
    policy = mis.inside("doctor", "--policy")
    said(policy, 0, place, "while that is so, rules allow nothing")
    checks = cast("dict[str, list[Row]]", mis.inside("doctor", "--json").json)["checks"]
    (check,) = [check for check in checks if check["name"] == "rules"]
    assert (check["state"], place in str(check["detail"])) == ("warning", True)
    said(mis.inside("approve", "a1", "--always", "git fetch *"), 2, place)
    assert states(mis)["a1"] == "pending"
    said(mis.inside("approve", "a1"), 0, "a1 granted")


def test_the_policy_report_names_rules_and_their_lines(mis: Mis) -> None:
    mis.inside("approve", "--add-rule", "allow", "git fetch *")
    report = cast("dict[str, list[Row]]", mis.inside("doctor", "--policy", "--json").json)
    assert [(r["name"], r["value"], r["source"]) for r in report["rules"]] == [
        ("r1 allow", "git fetch *", f"{mis.home}/config/makeitso/rules.toml:5")
    ]
    said(
        mis.inside("doctor", "--policy"), 0, "r1 allow git fetch *", "may leave the sandbox unasked"
    )


# -- killed in between ----------------------------------------------------------------------------

STORED_AFTER = {
    "recording.approval.decided": 0,
    "recorded.approval.decided": 1,
    "recording.rule.stored": 1,
    "recorded.rule.stored": 1,
}


@pytest.mark.parametrize("point", STORED_AFTER)
def test_an_answer_becomes_one_rule_wherever_who_gives_it_is_killed(mis: Mis, point: str) -> None:
    dying = replace(mis, extra={"MAKEITSO_CRASH_AT": point})
    ended = dying("approve", "a1", "--always", "git fetch *")
    assert ended.code == -signal.SIGKILL, f"{point} never fired: {ended}"
    expected = STORED_AFTER[point]
    assert states(mis)["a1"] == ("granted" if expected else "pending")
    assert [rule["id"] for rule in rules(mis)] == ["r1"] * expected


@pytest.mark.parametrize("point", ["recorded.approval.decided", "recording.rule.stored"])
def test_a_rule_that_is_taken_back_at_once_does_not_come_back(mis: Mis, point: str) -> None:
    replace(mis, extra={"MAKEITSO_CRASH_AT": point})("approve", "a1", "--always", "git fetch *")
    said(mis.inside("approve", "--revoke", "r1"), 0, "taken back")
    assert rules(mis) == []
