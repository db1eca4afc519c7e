"""Stored rules in an editor: lenses for always, `mis/rule/*`, a rules file that is wrong."""

from __future__ import annotations

import pytest
from lsp_client import Client, Place, make_client, make_place, start, stop
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from journal.tape import options, plan_of
from makeitso.protocol import events as ev
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUN = "r20261122-1"
NAME = ".makeitso/plans/2026-11-22-a.plan.md"
PLAN = "# Fetch\n\nIt is fetched.\n\n- [ ] **T1** Fetch it\n  - done when: `true`\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    found = make_place(tmp_path_factory.mktemp("rules"))
    found.file(NAME, PLAN)
    journal = Journal(found.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    may = ev.PoliciesInForce(write_files="ask", run_shell="ask", network="ask")
    created = ev.RunCreated(
        goal="g", plan=NAME, options=options(), policies=may, config_digest="c", version="0"
    )
    journal.append(created, actor="engine", run=RUN)
    made = ev.PlanMade(path=NAME, plan=plan_of("T1"), digest="p", task_digests={"T1": "t"})
    journal.append(made, actor="engine", run=RUN)
    for number, line in enumerate(("git fetch origin", "git push origin"), start=1):
        asked = ev.ApprovalAsked(
            id=f"a{number}", kind="command", tasks=("T1",), subject=line, digest=f"d{number}",
            scopes=("once", "task", "run", "always"), pattern=f"{line.rpartition(' ')[0]} *",
        )  # fmt: skip
        journal.append(asked, actor="engine", run=RUN, task="T1")
    journal.close()
    return found


async def test_a_lens_answers_for_always_and_has_its_twin(client: Client, place: Place) -> None:
    uri = client.open(place.root / NAME)
    lenses = await client.lenses(uri)
    title = "Approve a1 always for `git fetch *`"
    twins = {action.title for action in await client.actions(uri, 4)}
    assert title in twins
    answered = await client.command(lenses[title].command)
    allowing = answered["approval"]["rule"]
    assert (answered["approval"]["state"], bool(allowing)) == ("granted", True)
    denied = await client.command(lenses["Deny a2 always for `git push *`"].command)
    denying = denied["approval"]["rule"]
    assert (denied["approval"]["state"], bool(denying)) == ("denied", True)
    listed = await client.ask("mis/rule/list", {})
    mine = [rule for rule in listed["rules"] if rule["id"] in (allowing, denying)]
    assert [(r["id"], r["decision"], r["pattern"], r["holds"]) for r in mine] == [
        (allowing, "allow", "git fetch *", True),
        (denying, "deny", "git push *", True),
    ]
    assert {r["workspace"] for r in mine} == {str(place.root)}


async def test_rules_are_stored_and_taken_back(client: Client) -> None:
    added = await client.ask(
        "mis/rule/add", {"decision": "deny", "pattern": "npm publish *", "everywhere": True}
    )
    name = added["rule"]["id"]
    gone = await client.command(
        types.Command(title="x", command="mis.rule.revoke", arguments=[{"id": name}])
    )
    assert gone["rule"]["pattern"] == "npm publish *"
    with pytest.raises(JsonRpcException, match=f"no rule {name}"):
        await client.ask("mis/rule/revoke", {"id": name})
    with pytest.raises(JsonRpcException, match="any code it is given"):
        await client.ask("mis/rule/add", {"decision": "allow", "pattern": "sh -c *"})
    listed = await client.command(types.Command(title="x", command="mis.rule.list", arguments=[{}]))
    assert name not in {rule["id"] for rule in listed["rules"]}


async def test_a_rules_file_that_is_wrong_says_so_where_it_is(client: Client, place: Place) -> None:
    path = place.home / "config/makeitso/rules.toml"
    uri = client.open(path, language="toml", text='[[rule]]\nid = "r1"\ndecision = "alow"\n')
    await client.until(lambda: client.codes(uri), what="the problems")
    lines = {found.range.start.line for found in client.diagnostics[uri]}
    assert client.codes(uri) == {"bad-rule"}
    assert 2 in lines, "the decision that is none"
    client.change(uri, "")
    await client.until(lambda: not client.codes(uri), what="nothing is wrong")


async def test_a_client_that_is_asked_may_answer_for_always(place: Place) -> None:
    client = make_client()
    offered: list[list[str]] = []

    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem:
        offered.append([action.title for action in params.actions or ()])
        return types.MessageActionItem(title="Always for `ls src`")

    client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(answer)
    (place.home / "config/makeitso/rules.toml").unlink(missing_ok=True)
    await start(client, place, options={"ask": True})
    await client.ask("mis/run/list", {})
    journal = Journal(place.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    ruled = {"kind": "command", "tasks": ("T1",), "subject": "ls src", "pattern": "ls src"}
    for number, scopes in ((8, ("once", "always")), (9, ("once", "always"))):
        asked = ev.ApprovalAsked.model_validate(
            {**ruled, "id": f"a{number}", "digest": f"d{number}", "scopes": scopes}
        )
        journal.append(asked, actor="engine", run=RUN, task="T1")
        if number == 8:  # as a stored rule does
            decided = ev.ApprovalDecided(id="a8", grant=True, who="rule r1")
            journal.append(decided, actor="policy", run=RUN)
    journal.close()

    async def stored() -> bool:
        listed = await client.ask("mis/rule/list", {})
        return [rule["pattern"] for rule in listed["rules"]] == ["ls src"]

    await client.until_asked(stored, what="the rule")
    assert offered == [["Approve", "Always for `ls src`", "Deny"]], "what was answered is not asked"
    assert await stop(client) == 0
