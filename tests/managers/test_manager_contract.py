"""One suite for all managers that ask a model: the same script, the same answers and errors."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from manager_samples import (
    CIRCLE,
    FAILED,
    judge_request,
    plan_request,
    plan_text,
    verdict_text,
)

from makeitso.errors import AnswerError, AuthError, ModelError, Unavailable
from makeitso.managers.api import ApiManager, ApiSettings
from makeitso.managers.codex import CodexSettings, open_codex_manager
from makeitso.managers.questions import judge_prompt, plan_prompt
from makeitso.scripted import Answer as Scripted
from makeitso.scripted import Rule, Say, Tokens, always, rules, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from makeitso.managers.port import Answer, JudgeRequest, Manager
    from makeitso.protocol.plan import Judgement, PlanDraft
    from makeitso.scripted import Script, ScriptedServer

KEY = "sk-scripted-manager"
MODEL = "gpt-5.5"
LIMIT_S = 60.0


@dataclass(frozen=True)
class Bench:
    """A manager kind, ready to be pointed at an endpoint."""

    kind: str
    tmp: Path

    @asynccontextmanager
    async def manager(self, base_url: str, *, key: str = KEY) -> AsyncGenerator[Manager]:
        with anyio.fail_after(LIMIT_S):
            async with self._open(base_url, key) as manager:
                try:
                    yield manager
                finally:
                    await manager.close()
                    await manager.close()

    @asynccontextmanager
    async def _open(self, base_url: str, key: str) -> AsyncGenerator[Manager]:
        if self.kind == "api":
            yield ApiManager(ApiSettings(model=MODEL, base_url=base_url, api_key=key))
        else:
            settings = CodexSettings(
                repository=Path(__file__).parent,
                home=self.tmp / "home",
                tmp=self.tmp / "tmp",
                model=MODEL,
                base_url=base_url,
                api_key=key,
            )
            async with open_codex_manager(settings) as manager:
                yield manager


@pytest.fixture(params=["api", pytest.param("codex", marks=pytest.mark.codex)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(kind=request.param, tmp=tmp_path)


@pytest.fixture
def heard() -> list[str]:
    return []


def says(text: str) -> Script:
    return rules(Rule(when=always, answer=Scripted(items=(Say(text),))))


def says_twice(first: str, second: str) -> Script:
    """The second text to who was told that the first does not fit."""
    return rules(
        Rule(
            when=lambda view: "does not fit" in view.last_user_text,
            answer=Scripted(items=(Say(second),), usage=Tokens(input=500, output=5)),
        ),
        Rule(when=always, answer=Scripted(items=(Say(first),), usage=Tokens(input=300, output=3))),
    )


def plan(bench: Bench, server: ScriptedServer, heard: list[str]) -> Answer[PlanDraft]:
    return anyio.run(_plan, bench, server.base_url, heard)


async def _plan(bench: Bench, base_url: str, heard: list[str]) -> Answer[PlanDraft]:
    async def hear(text: str) -> None:
        heard.append(text)

    async with bench.manager(base_url) as manager:
        assert manager.kind == bench.kind
        return await manager.plan(plan_request(), hear)


def judge(bench: Bench, text: str, request: JudgeRequest) -> Judgement:
    async def go(base_url: str) -> Judgement:
        async def hear(text: str) -> None:
            del text

        async with bench.manager(base_url) as manager:
            return (await manager.judge(request, hear)).value

    with serve(says(text)) as server:
        return anyio.run(go, server.base_url)


def test_a_good_plan(bench: Bench, heard: list[str]) -> None:
    with serve(says(plan_text()), key=KEY) as server:
        answer = plan(bench, server, heard)
    assert [task.id for task in answer.value.tasks] == ["T1", "docs"]
    assert answer.attempts == 1
    assert answer.spent.input_tokens == 1000
    assert answer.spent.output_tokens == 50
    assert answer.model == MODEL
    assert "".join(heard) == plan_text()
    assert len(heard) > 1
    prompt = plan_prompt(plan_request(), prompts={})
    assert answer.prompt_digest == prompt.digest
    assert server.views[-1].last_user_text == prompt.text


def test_the_model_is_asked_for_the_strict_schema(bench: Bench, heard: list[str]) -> None:
    with serve(says(plan_text())) as server:
        plan(bench, server, heard)
    schema = server.views[-1].schema
    assert schema is not None
    assert schema["required"] == ["title", "goal", "tasks"]
    assert schema["additionalProperties"] is False


def test_a_fenced_plan_is_the_same_plan(bench: Bench, heard: list[str]) -> None:
    with serve(says(f"```json\n{plan_text()}\n```")) as server:
        answer = plan(bench, server, heard)
    assert answer.attempts == 1
    assert answer.value.title == "Dates before 1970 parse"


def test_the_same_script_gives_the_same_bytes(bench: Bench) -> None:
    with serve(says(plan_text())) as server:
        first, second = plan(bench, server, []), plan(bench, server, [])
    assert first.value.model_dump_json().encode() == second.value.model_dump_json().encode()
    assert first == second


def test_an_invalid_plan_is_asked_for_once_more(bench: Bench, heard: list[str]) -> None:
    with serve(says_twice(CIRCLE, plan_text())) as server:
        answer = plan(bench, server, heard)
    assert answer.attempts == 2
    assert (answer.spent.input_tokens, answer.spent.output_tokens) == (800, 8)
    assert [task.id for task in answer.value.tasks] == ["T1", "docs"]
    last = server.views[-1]
    assert "`after` goes in a circle" in last.last_user_text
    assert last.agent_texts[-1] == CIRCLE  # it sees what it said


def test_twice_invalid_is_an_error_with_what_came(bench: Bench, heard: list[str]) -> None:
    with serve(says_twice("I would rather not.", CIRCLE)) as server:
        with pytest.raises(AnswerError) as caught:
            plan(bench, server, heard)
        assert len(server.views) == 2
    assert caught.value.data["received"] == CIRCLE
    assert "circle" in str(caught.value.data["errors"])
    assert caught.value.data["spent"] == {"input_tokens": 800, "output_tokens": 8}


def test_a_wrong_key_is_said_so_without_the_key(bench: Bench, heard: list[str]) -> None:
    with serve(says(plan_text()), key="another") as server:
        with pytest.raises(AuthError) as caught:
            plan(bench, server, heard)
        assert not server.views
    assert KEY not in f"{caught.value.message}{caught.value.hint}{caught.value.data}"
    assert caught.value.hint


def test_a_refused_connection_ends(bench: Bench, heard: list[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        port = unused.getsockname()[1]
        with pytest.raises(ModelError) as caught:
            anyio.run(_plan, bench, f"http://127.0.0.1:{port}/v1", heard)
    assert type(caught.value) is Unavailable
    assert caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(status=400, error="scripted: bad request"),
        Scripted(failed="server_error", error="scripted: it broke"),
        Scripted(items=(Say("{"),), cut=True),
    ],
    ids=["400", "failed", "cut"],
)
def test_a_failing_endpoint_is_a_model_error(
    bench: Bench, heard: list[str], answer: Scripted
) -> None:
    with (
        serve(rules(Rule(when=always, answer=answer))) as server,
        pytest.raises(ModelError) as caught,
    ):
        plan(bench, server, heard)
    assert type(caught.value) is Unavailable
    assert caught.value.hint


@pytest.mark.parametrize("verdict", ["done", "continue", "need_input", "wait", "abort"])
def test_each_verdict_comes_through(bench: Bench, verdict: str) -> None:
    text = verdict_text(verdict, instructions="Do this.", wait_s=30)
    judgement = judge(bench, text, judge_request())
    assert judgement.verdict == verdict
    assert judgement.note == "A note."
    assert judgement.wait_s == (30 if verdict == "wait" else 0)


def test_what_the_model_judges_is_shown_to_it(bench: Bench) -> None:
    request = judge_request(checks=(FAILED,), comments=("Keep the name.",))

    async def go(base_url: str) -> str:
        async def hear(text: str) -> None:
            del text

        async with bench.manager(base_url) as manager:
            return (await manager.judge(request, hear)).prompt_digest

    with serve(says(verdict_text("abort"))) as server:
        digest = anyio.run(go, server.base_url)
        shown = server.views[-1].last_user_text
    assert shown == judge_prompt(request, prompts={}).text
    assert digest == judge_prompt(request, prompts={}).digest
    for part in ("-x\n+y\n", "boom at line 3", "1. Keep the name.", "All done.", "Round 1 of"):
        assert part in shown


def test_a_red_check_is_not_done_whatever_the_model_says(bench: Bench) -> None:
    judgement = judge(bench, verdict_text("done"), judge_request(checks=(FAILED,)))
    assert judgement.verdict == "continue"
    assert "boom at line 3" in judgement.instructions


def test_the_last_round_ends_whatever_the_model_says(bench: Bench) -> None:
    text = verdict_text("continue", instructions="More.")
    judgement = judge(bench, text, judge_request(round=3))
    assert judgement.verdict == "abort"
    assert judgement.note.startswith("Stopped after round 3")


def test_two_questions_to_one_manager(bench: Bench) -> None:
    script = rules(
        Rule(
            when=lambda view: view.last_user_text.startswith("Intent: EVAL"),
            answer=Scripted(items=(Say(verdict_text("done")),)),
        ),
        Rule(when=always, answer=Scripted(items=(Say(plan_text()),))),
    )

    async def go(base_url: str) -> tuple[Answer[PlanDraft], Answer[Judgement]]:
        async def hear(text: str) -> None:
            del text

        async with bench.manager(base_url) as manager:
            first = await manager.plan(plan_request(), hear)
            return first, await manager.judge(judge_request(), hear)

    with serve(script) as server:
        first, second = anyio.run(go, server.base_url)
    assert first.value.tasks
    assert second.value.verdict == "done"
    assert (first.spent.total, second.spent.total) == (1050, 1050)


def test_cancelling_a_question_leaves_a_manager_that_closes(bench: Bench) -> None:
    script = rules(Rule(when=always, answer=Scripted(hang_s=300)))

    async def go(server: ScriptedServer) -> bool:
        async def hear(text: str) -> None:
            del text

        async def ask() -> None:
            await manager.plan(plan_request(), hear)

        seen = False
        async with bench.manager(server.base_url) as manager, anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            seen = await anyio.to_thread.run_sync(lambda: server.wait_for_requests(1))
            tasks.cancel_scope.cancel()
        return seen

    with serve(script) as server:
        assert anyio.run(go, server)


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEX_API_KEY"):
        monkeypatch.delenv(name, raising=False)
