"""The API manager where the scripted server does not go: refusals, odd servers, missing parts."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import anyio
import pytest
from manager_samples import plan_request, plan_text

from makeitso.errors import (
    AnswerError,
    AuthError,
    ConfigError,
    EnvironmentFault,
    ModelError,
    Unavailable,
)
from makeitso.managers.api import ApiManager, ApiSettings
from makeitso.managers.api_stream import MOST_TEXT, Reading
from makeitso.scripted import Answer as Scripted
from makeitso.scripted import Rule, Say, always, rules, serve

if TYPE_CHECKING:
    from collections.abc import Generator

    from makeitso.managers.port import Answer
    from makeitso.protocol.plan import PlanDraft

Event = dict[str, object]


async def hear(text: str) -> None:
    del text


def plan(settings: ApiSettings) -> Answer[PlanDraft]:
    async def go() -> Answer[PlanDraft]:
        manager = ApiManager(settings)
        try:
            return await manager.plan(plan_request(), hear)
        finally:
            await manager.close()

    return anyio.run(go)


@contextmanager
def canned(body: bytes, *, kind: str = "text/event-stream") -> Generator[str]:
    """An endpoint that answers every POST with these bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stream(*events: Event) -> bytes:
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)


def done(**changes: object) -> Event:
    response: Event = {"id": "r", "model": "m", "status": "completed", "output": []}
    return {"type": "response.completed", "response": {**response, **changes}}


def message(text: str) -> Event:
    part: Event = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "m", "role": "assistant", "content": [part]}


def settings_for(base_url: str, **changes: object) -> ApiSettings:
    values: dict[str, object] = {"model": "m", "base_url": base_url, "max_retries": 0}
    return ApiSettings(**{**values, **changes})  # pyright: ignore[reportArgumentType]


REFUSED = {**message(""), "content": [{"type": "refusal", "refusal": "I cannot help."}]}


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "response.output_item.done", "item": REFUSED}, done()],
        [{"type": "response.refusal.done", "refusal": "I cannot help."}, done()],
        [done(output=[REFUSED])],
    ],
    ids=["item", "event", "end"],
)
def test_a_refusal_is_an_answer_error_with_its_words(events: list[Event]) -> None:
    with canned(stream(*events)) as url, pytest.raises(AnswerError, match="refused") as caught:
        plan(settings_for(url))
    assert caught.value.data["received"] == "I cannot help."


def test_an_answer_that_was_stopped_is_an_answer_error_with_the_reason() -> None:
    end = done(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    delta: Event = {"type": "response.output_text.delta", "delta": '{"title'}
    with (
        canned(stream(delta, {**end, "type": "response.incomplete"})) as url,
        pytest.raises(AnswerError, match="max_output_tokens") as caught,
    ):
        plan(settings_for(url))
    assert caught.value.data["received"] == '{"title'


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "response.output_text.delta", "delta": plan_text()}, done()],
        [{"type": "response.output_item.done", "item": message(plan_text())}, done()],
        [done(output=[message(plan_text())])],
        [
            {"type": "response.output_item.done", "item": message("Let me think.")},
            {"type": "response.output_item.done", "item": message(plan_text())},
            {"type": "something.unknown", "sequence_number": 3},
            done(usage=None, model=None),
        ],
    ],
    ids=["deltas", "item", "end", "two messages"],
)
def test_servers_differ_in_where_the_text_stands(events: list[Event]) -> None:
    with canned(stream(*events)) as url:
        assert plan(settings_for(url)).value.tasks


def test_an_error_event_is_a_model_error() -> None:
    error: Event = {"type": "error", "code": "overloaded", "message": "Come back later."}
    with canned(stream(error)) as url, pytest.raises(ModelError, match="Come back later"):
        plan(settings_for(url))


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"data: {no json\n\n", "text/event-stream"), (b"<html>Hello</html>", "text/html"), (b"", "")],
)
def test_what_is_no_responses_api_is_a_model_error(body: bytes, kind: str) -> None:
    with canned(body, kind=kind) as url, pytest.raises(ModelError) as caught:
        plan(settings_for(url))
    assert type(caught.value) is Unavailable
    assert caught.value.hint


def test_an_answer_without_end_is_given_up() -> None:
    reading = Reading()
    piece: Event = {"type": "response.output_text.delta", "delta": "x" * (MOST_TEXT // 2)}
    reading.take(piece)
    reading.take(piece)
    with pytest.raises(ModelError, match="longer than"):
        reading.take(piece)


@pytest.mark.parametrize("answer", [Scripted(hang_s=300), Scripted(delay_s=300)])
def test_silence_ends_at_the_limits(answer: Scripted) -> None:
    script = rules(Rule(when=always, answer=answer))
    with serve(script) as server, pytest.raises(ModelError, match=r"answering|within"):
        plan(settings_for(server.base_url, idle_timeout_s=0.3))


def test_an_answer_that_trickles_ends_at_the_wall() -> None:
    slow = Scripted(items=(Say("x" * 1000, chunk=1, chunk_delay_s=0.05),))
    script = rules(Rule(when=always, answer=slow))
    with serve(script) as server, pytest.raises(ModelError, match=r"within 0\.5 seconds"):
        plan(settings_for(server.base_url, wall_timeout_s=0.5))


def test_a_busy_endpoint_is_tried_again_and_then_named() -> None:
    script = rules(Rule(when=always, answer=Scripted(status=503, error="scripted: busy")))
    with serve(script) as server:
        with pytest.raises(ModelError, match="503") as caught:
            plan(settings_for(server.base_url, max_retries=1))
        assert len(server.requests) == 2
    assert caught.value.data["status"] == 503
    assert f"127.0.0.1:{server.port}" in caught.value.message


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, "Invalid schema for text.format", ("refused", "Invalid schema", "JSON Schema")),
        (400, "The requested model is retired", ("refused", "is retired", "[manager] kind")),
        (422, "no field `input`", ("refused", "no field", "base_url")),
        (429, "slow down", ("no more requests", "slow down", "Wait")),
        (402, "pay first", ("nothing left", "pay first", "another key")),
    ],
)
def test_a_refusal_is_said_in_the_endpoints_words_with_the_way_out(
    status: int, body: str, words: tuple[str, ...]
) -> None:
    script = rules(Rule(when=always, answer=Scripted(status=status, error=body)))
    with serve(script) as server, pytest.raises(Unavailable) as caught:
        plan(settings_for(server.base_url, max_retries=0))
    told = f"{caught.value.message} {caught.value.hint}"
    assert all(word in told for word in words), told
    assert "{'" not in told, "the library's own wrapping is shown"
    assert ("again" in caught.value.hint) == (status == 429), "waiting does not help here"


def test_an_unknown_model_is_named() -> None:
    script = rules(Rule(when=always, answer=Scripted(status=404, error="no such model")))
    with serve(script) as server, pytest.raises(ModelError, match="'nobody'"):
        plan(settings_for(server.base_url, model="nobody"))


def test_a_local_endpoint_needs_no_key_and_the_environment_gives_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    script = rules(Rule(when=always, answer=Scripted(items=(Say(plan_text()),))))
    with serve(script) as server:
        plan(settings_for(server.base_url))
        assert server.views[0].key == "none"


def test_nothing_is_stored_and_a_key_is_trimmed() -> None:
    script = rules(Rule(when=always, answer=Scripted(items=(Say(plan_text()),))))
    with serve(script, key="sk-1") as server:
        plan(settings_for(server.base_url, api_key="sk-1\n"))
        assert server.views[0].body["store"] is False


def test_no_key_for_the_default_endpoint_is_said_before_any_request() -> None:
    with pytest.raises(AuthError, match="no key"):
        plan(ApiSettings(model="m"))


def test_a_key_that_cannot_be_one_is_not_shown() -> None:
    settings = ApiSettings(model="m", api_key="geheim\u00e9")
    with pytest.raises(AuthError) as caught:
        plan(settings)
    assert "geheim" not in f"{caught.value.message}{caught.value.hint}{settings!r}"


@pytest.mark.parametrize("url", ["localhost:1/v1", "file:///etc", "http://", "http://h:port/v1"])
def test_an_address_that_is_none_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        plan(settings_for(url))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(EnvironmentFault) as caught:
        plan(settings_for("http://127.0.0.1:9/v1"))
    assert "makeitso-codex[api]" in caught.value.hint
