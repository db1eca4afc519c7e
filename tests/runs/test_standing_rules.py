"""Stored rules at a worker's question: what they decide at once, and where a person is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import options, plan_of
from makeitso.errors import ConfigError, StateError, UsageError
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.protocol.plan import Delimiters
from makeitso.runs.rounds.host import Host
from makeitso.workers import port
from makeitso.workspace.paths import user_dirs
from makeitso.workspace.rule_edit import RuleDraft, add_rule, revoke_rule
from makeitso.workspace.rule_file import read_rules
from runs.run_place import SECRET, Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.plan import RunOptions
    from makeitso.protocol.rules import RuleDecision

pytestmark = pytest.mark.anyio
AT = 1_795_374_000_000
TREE = "/trees/T1"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return made(tmp_path, monkeypatch)


def made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: RunOptions | None = None,
    policies: ev.PoliciesInForce | None = None,
) -> Place:
    found = place(tmp_path, monkeypatch, plan=plan_of("T1"), how=how, policies=policies)
    found.stands("T1")
    return found


def host_of(there: Place) -> Host:
    return Host(
        there.ctx, task="T1", phase="task", delimiters=Delimiters(), nonce="0" * 32,
        nobody=lambda: True,
    )  # fmt: skip


def stored(
    there: Place, pattern: str, decision: RuleDecision = "allow", workspace: str = ""
) -> str:
    draft = RuleDraft(
        decision=decision, pattern=pattern, workspace=workspace or str(there.bridge.root)
    )
    return add_rule(draft, dirs=user_dirs(), at=AT).id


async def asks(there: Place, line: str, **over: object) -> port.WorkerAnswer:
    """What the worker hears with nobody there to ask."""
    fields: dict[str, object] = {
        "kind": "command", "subject": line, "reason": "", "cwd": TREE, "unsandboxed": True
    }  # fmt: skip
    request = port.WorkerAsk(**{**fields, **over})  # pyright: ignore[reportArgumentType]
    with anyio.fail_after(10):
        return await host_of(there).ask(request)


GRANTED = port.WorkerAnswer(granted=True)
ASKED = port.WorkerAnswer(granted=False, text="a person decides this later", interrupt=True)


async def test_a_rule_answers_at_once_and_the_journal_says_which(there: Place) -> None:
    rule = stored(there, "git fetch *")
    assert await asks(there, "git fetch origin") == GRANTED
    (decided,) = there.found(ev.ApprovalDecided)
    assert isinstance(decided, ev.ApprovalDecided)
    assert (decided.who, decided.pattern, decided.grant) == (f"rule {rule}", "git fetch *", True)
    event = next(e for e in there.ctx.ports.journal.read() if e.data == decided)
    assert event.actor == "policy"
    assert len(there.found(ev.ApprovalUsed)) == 1
    assert await asks(there, "git push origin") == ASKED


async def test_a_rule_that_is_taken_back_holds_no_longer_in_the_same_run(there: Place) -> None:
    rule = stored(there, "git fetch *")
    assert await asks(there, "git fetch origin") == GRANTED
    revoke_rule(rule, dirs=user_dirs())
    assert await asks(there, "git fetch origin") == ASKED


async def test_a_denial_answers_at_once_and_tells_the_worker(there: Place) -> None:
    stored(there, "git fetch *")
    stored(there, "git fetch evil", "deny")
    said = await asks(there, "git fetch evil")
    assert (said.granted, said.interrupt) == (False, False)
    assert said.text == "a stored rule denies `git fetch evil`"
    wrapped = await asks(there, "cd x && sudo env A=b git fetch evil")
    assert wrapped.text == said.text, "what wraps a command does not hide it"
    assert await asks(there, "git fetch origin") == GRANTED


async def test_a_denial_beats_what_a_person_granted_for_the_run(there: Place) -> None:
    assert await asks(there, "git fetch evil") == ASKED
    there.bridge.decide(Decision(id="a1", grant=True, scope="run"))
    assert await asks(there, "git fetch evil") == GRANTED
    stored(there, "git fetch evil", "deny")
    assert not (await asks(there, "git fetch evil")).granted


async def test_a_refusal_is_lifted_by_no_rule(there: Place) -> None:
    stored(there, "git push *")
    said = await asks(there, "git push --force origin main")
    assert (said.granted, said.interrupt) == (False, False)
    assert "overwrite" in said.text


async def test_a_rule_file_that_is_broken_allows_nothing_and_denies_what_it_can(
    there: Place,
) -> None:
    stored(there, "git fetch *")
    stored(there, "git push *", "deny")
    file = user_dirs().rules_file
    file.write_text(file.read_text() + "[[rule]]\nid = r9\n")
    assert await asks(there, "git fetch origin") == ASKED
    assert "denies" in (await asks(there, "git push origin")).text


ELSEWHERE: dict[str, tuple[str, dict[str, object]]] = {
    "wrapped": ("env A=b git fetch origin", {}),
    "unclear": ('git fetch "$(cat x)"', {}),
    "a program of the worktree": ("./git fetch origin", {}),
    "another command in the line": ("git fetch origin && make", {}),
    "outside the worktree": ("ls src", {"cwd": "/etc"}),
    "where nobody knows": ("ls src", {"cwd": ""}),
    "git in a folder that may be a repository": ("git fetch origin", {"cwd": f"{TREE}/sub"}),
    "a protected file": ("ls .vscode/tasks.json", {}),
    "a protected file as a value": ("ls --file=Makefile", {}),
    "the network": ("ls src", {"kind": "network"}),
    "a file outside": ("ls src", {"kind": "patch_outside"}),
}


@pytest.mark.parametrize("case", ELSEWHERE)
async def test_where_a_rule_does_not_reach_a_person_is_asked(there: Place, case: str) -> None:
    for pattern in ("git fetch *", "ls *"):
        stored(there, pattern)
    assert await asks(there, "ls src") == GRANTED
    line, over = ELSEWHERE[case]
    assert await asks(there, line, **over) == ASKED


async def test_a_link_in_the_worktree_leads_out_of_it(
    tmp_path: Path, there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    del monkeypatch
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "inside").mkdir()
    (tree / "link").symlink_to("/etc")
    there.ctx.append(ev.WorktreeCreated(path=str(tree), commit="c0"), task="T1")
    stored(there, "ls *")
    assert await asks(there, "ls src", cwd=str(tree / "inside")) == GRANTED
    assert await asks(there, "ls src", cwd=str(tree / "link")) == ASKED


HOLDS: dict[tuple[str, str], bool] = {
    ("run_shell=ask", "here"): True,
    ("run_shell=ask", "everywhere"): False,
    ("run_shell=ask", "elsewhere"): False,
    ("run_shell=auto", "here"): True,
    ("run_shell=auto", "everywhere"): True,
    ("run_shell=auto", "elsewhere"): False,
    ("network=never", "here"): False,
    ("network=auto", "here"): True,
    ("write_files=never", "here"): False,
}


@pytest.mark.parametrize("case", HOLDS, ids=str)
async def test_policies_say_where_a_rule_that_allows_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str]
) -> None:
    (name, _, value), where = case[0].partition("="), case[1]
    told = {"write_files": "ask", "run_shell": "ask", "network": "ask", name: value}
    there = made(tmp_path, monkeypatch, policies=ev.PoliciesInForce.model_validate(told))
    stored(there, "ls *", workspace={"everywhere": "*", "elsewhere": "/w"}.get(where, ""))
    assert await asks(there, "ls src") == (GRANTED if HOLDS[case] else ASKED)
    (asked,) = there.found(ev.ApprovalAsked)
    assert isinstance(asked, ev.ApprovalAsked)
    offered = name == "run_shell" or value == "auto"
    assert ("always" in asked.scopes) is offered, "it is offered where it would hold"


@pytest.mark.parametrize(
    "how",
    [
        options(policy="manual"),
        options(halt_on=("run_shell",)),
        options(halt_on=("network",)),
    ],
    ids=["manual", "halt-on run_shell", "halt-on network"],
)
async def test_where_each_command_asks_a_rule_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: RunOptions
) -> None:
    there = made(tmp_path, monkeypatch, how=how)
    stored(there, "ls *")
    stored(there, "git push *", "deny")
    assert await asks(there, "ls src") == ASKED
    assert "denies" in (await asks(there, "git push origin")).text, "a denial holds everywhere"
    (asked, _) = there.found(ev.ApprovalAsked)
    assert isinstance(asked, ev.ApprovalAsked)
    assert "always" not in asked.scopes


NEVER: dict[str, tuple[str, dict[str, object]]] = {
    "command": ("run_shell", {}),
    "network": ("network", {"kind": "network"}),
    "patch": ("write_files", {"kind": "patch_outside"}),
}


@pytest.mark.parametrize("case", NEVER)
async def test_never_is_refused_on_our_side_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    name, over = NEVER[case]
    told = {"write_files": "ask", "run_shell": "ask", "network": "ask", name: "never"}
    there = made(tmp_path, monkeypatch, policies=ev.PoliciesInForce.model_validate(told))
    said = await asks(there, "ls src", **over)
    assert said == port.WorkerAnswer(granted=False, text=f"{name} is never")
    assert not there.found(ev.ApprovalAsked)


# -- answers for always ---------------------------------------------------------------------------


async def test_an_answer_for_always_becomes_a_rule(there: Place) -> None:
    assert await asks(there, "git fetch origin") == ASKED
    (asked,) = there.ctx.run.pending
    assert (asked.pattern, asked.scopes[-1]) == ("git fetch *", "always")
    assert "`git fetch *`" in asked.detail
    answered = there.bridge.decide(
        Decision(id="a1", grant=True, scope="always", pattern="git  fetch *")
    )
    assert (answered.rule, answered.pattern, answered.state) == ("r1", "git fetch *", "granted")
    ((rule, _),) = read_rules(user_dirs().rules_file).rules
    assert (rule.approval, rule.run, rule.workspace) == (
        "a1", there.ctx.run_id, str(there.bridge.root),
    )  # fmt: skip
    assert await asks(there, "git fetch origin") == GRANTED, "the answer itself"
    assert await asks(there, "git fetch upstream") == GRANTED, "the rule"
    revoke_rule("r1", dirs=user_dirs())
    assert await asks(there, "git fetch origin") == ASKED


async def test_a_denial_for_always_becomes_a_rule(there: Place) -> None:
    assert await asks(there, "npm publish --now") == ASKED
    decision = Decision(
        id="a1", grant=False, scope="always", pattern="npm publish *", because="ask Ada"
    )
    assert there.bridge.decide(decision).rule == "r1"
    assert (await asks(there, "npm publish --now")).text == "ask Ada", "the answer itself"
    said = await asks(there, "npm publish")
    assert said.text == "a stored rule denies `npm publish *`: ask Ada"


WRONG = {
    "no pattern": ("", "which commands"),
    "too far": ("git *", "does not say what `git` is to do"),
    "a shell": ("sh -c *", "any code"),
    "another command": ("git push *", "does not match every command"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_pattern_that_cannot_be_is_refused_with_the_reason(there: Place, case: str) -> None:
    await asks(there, "git fetch origin")
    pattern, words = WRONG[case]
    with pytest.raises(UsageError, match=words):
        there.bridge.decide(Decision(id="a1", grant=True, scope="always", pattern=pattern))
    assert there.ctx.run.pending
    assert not user_dirs().rules_file.exists()


@pytest.mark.parametrize(
    "line", ["sh -c 'a; b'", "python -c 1", "npx eslint", "make > out", "a | b"]
)
async def test_always_is_not_possible_where_no_pattern_is(there: Place, line: str) -> None:
    await asks(there, line)
    with pytest.raises(StateError, match="scope always"):
        there.bridge.decide(Decision(id="a1", grant=True, scope="always", pattern=line))


async def test_a_secret_is_in_no_rule(there: Place) -> None:
    await asks(there, f"git fetch https://ada:{SECRET}@example.org/x")
    (asked,) = there.ctx.run.pending
    assert (asked.pattern, asked.scopes) == ("", ("once", "task", "run"))


async def test_with_a_broken_file_nothing_is_answered_for_always(there: Place) -> None:
    await asks(there, "git fetch origin")
    file = user_dirs().rules_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("[[rule]\n")
    with pytest.raises(ConfigError, match=r"rules\.toml"):
        there.bridge.decide(Decision(id="a1", grant=True, scope="always", pattern="git fetch *"))
    assert there.ctx.run.pending, "the question stands"
    assert file.read_text() == "[[rule]\n"


async def test_a_command_that_was_denied_for_good_is_not_run_unasked_either(there: Place) -> None:
    stored(there, "npm publish *", "deny")
    host = host_of(there)
    host.watch.begin()
    await host.emit(port.CommandStarted("i", "npm publish --now", TREE))
    await host.emit(port.Output("stdout", b"published\n", "i"))
    assert host.watch.alarm is not None
    assert "your rule denies `npm publish *`" in host.watch.alarm.detail
