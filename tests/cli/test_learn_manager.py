"""`mis learn --proposer manager`: what a model suggests goes through the same gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from mis_process import Mis, mis_in

from makeitso.scripted import Answer, Rule, Say, always, rules, serve

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.scripted import RequestView, Script

GOOD = r"^zlint: (?P<path>\S+):(?P<line>\d+): warning: (?P<message>v\d+ is odd)$"
SECRET = "sk-proj-0123456789abcdef0123456789abcdef"


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    found = mis_in(tmp_path, CODEX_API_KEY=SECRET)
    for run in (1, 2):
        lines = [f"zlint: m{n}.zz:{n}: warning: v{n} is odd" for n in range(run * 9, run * 9 + 6)]
        found.write(f"run{run}.log", "\n".join([*lines, f"token {SECRET} was refused"] * 2) + "\n")
    (found.work / ".makeitso").mkdir()
    return found


def suggests(*patterns: dict[str, object]) -> str:
    return json.dumps({"patterns": list(patterns)})


def pattern(regex: str, group: int = 1) -> dict[str, object]:
    return {"group": group, "intent": "diagnostic", "regex": regex, "rationale": "zlint's lines."}


def scripted(texts: list[str], seen: list[str]) -> Script:
    def says(view: RequestView) -> Answer:
        seen.append(view.last_user_text)
        return Answer(items=(Say(texts[min(len(seen), len(texts)) - 1]),))

    return rules(Rule(when=always, answer=says))


def asked(mis: Mis, texts: list[str], *args: str) -> tuple[int, dict[str, Any], list[str]]:
    seen: list[str] = []
    with serve(scripted(texts, seen)) as server:
        mis.user_config(f'[manager]\nkind = "api:test"\nbase_url = "{server.base_url}"\n')
        done = mis("learn", "--proposer", "manager", "run1.log", "run2.log", "--json", *args)
    rows = cast("dict[str, Any]", json.loads(done.out)) if done.out else {}
    return done.code, rows, [*seen, done.err]


def test_a_good_suggestion_passes_and_secrets_are_not_sent(mis: Mis) -> None:
    code, result, (prompt, _) = asked(mis, [suggests(pattern(GOOD))])
    assert code == 0
    (item,) = result["written"]
    assert item["proposal"]["proposer"] == "manager"
    assert item["proposal"]["pattern"]["regex"] == GOOD
    assert "tokens in all" in item["proposal"]["pattern"]["rationale"]
    assert "zlint: m" in prompt
    assert "Group 1:" in prompt
    assert SECRET not in prompt
    assert mis.inside("approve", item["proposal"]["id"]).code == 0


def test_a_suggestion_that_takes_too_much_is_turned_down(mis: Mis) -> None:
    code, result, _ = asked(mis, [suggests(pattern(r"^(?P<message>\w.+)$"))], "--mode", "auto")
    assert (code, result["written"], result["applied"]) == (0, [], [])


def test_one_that_cannot_be_read_is_asked_for_once_more(mis: Mis) -> None:
    bad = suggests(pattern("^(?=x)$"), pattern(GOOD, group=99))
    code, result, seen = asked(mis, [bad, suggests(pattern(GOOD))])
    assert code == 0
    assert len(result["written"]) == 1
    assert "does not fit" in seen[1]
    assert "there is no group 99" in seen[1]


def test_without_a_manager_or_a_budget_nothing_is_asked(mis: Mis) -> None:
    none = mis("-c", "manager.kind=none", "learn", "--proposer", "manager", "run1.log", "run2.log")
    assert none.code == 2
    assert "no manager can propose patterns" in none.err
    code, _, seen = asked(mis, [suggests()], "-c", "manager.budget_tokens=10")
    assert code == 4
    assert len(seen) == 1
    assert "the budget is 10" in seen[0]
