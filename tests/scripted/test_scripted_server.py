from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from makeitso.scripted import (
    Answer,
    Call,
    Patch,
    RequestView,
    Rule,
    Run,
    Say,
    Script,
    Think,
    Tokens,
    always,
    called,
    rules,
    said,
    serve,
    wants_schema,
    workflow,
)
from makeitso.scripted.view import read_request

Json = dict[str, Any]


def ask(base_url: str, body: Json, *, key: str = "k") -> list[Json]:
    """Post a request; the events of the stream."""
    request = urllib.request.Request(
        f"{base_url}/responses",
        data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read().decode()
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def user(text: str) -> Json:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def view_of(*items: Json, **more: Any) -> RequestView:
    return read_request({"model": "m", "input": list(items), **more})


def said_by(events: list[Json]) -> str:
    return "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")


def test_a_stream_has_its_events_in_order_and_says_that_it_is_scripted() -> None:
    answer = Answer(
        items=(
            Think("hm"),
            Say("hello there", phase="final_answer", chunk=4),
            Run("ls", "c1", {"yield_time_ms": 5}),
            Patch("*** Begin Patch\n*** End Patch\n", "p1"),
            Call("update_plan", {"plan": []}, "u1"),
        ),
        usage=Tokens(input=7, output=5),
    )
    with serve(lambda _: answer) as model:
        events = ask(model.base_url, {"model": "m", "input": "hi"})
        assert ask(model.base_url, {"model": "m", "input": "hi"}) != events
    assert events[0]["type"] == "response.created"
    assert events[0]["response"]["id"].startswith("resp_scripted_")
    assert said_by(events) == "hello there"
    assert len([e for e in events if "delta" in e["type"]]) == 3
    end = events[-1]
    assert end["type"] == "response.completed"
    assert end["response"]["usage"]["total_tokens"] == 12
    items = end["response"]["output"]
    assert items == [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert [item["type"] for item in items] == [
        "reasoning",
        "message",
        "function_call",
        "custom_tool_call",
        "function_call",
    ]
    assert json.loads(items[2]["arguments"]) == {"cmd": "ls", "login": False, "yield_time_ms": 5}
    assert items[1]["phase"] == "final_answer"


def test_the_same_script_gives_the_same_bytes_after_a_restart() -> None:
    def once() -> list[Json]:
        with serve(lambda _: Answer(items=(Say("x"),))) as model:
            return ask(model.base_url, {"model": "m", "input": "hi"})

    assert once() == once()


def test_a_wrong_key_is_refused_and_recorded_as_such() -> None:
    with serve(lambda _: Answer(), key="right") as model:
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(model.base_url, {"model": "m", "input": "hi"}, key="wrong")
        ask(model.base_url, {"model": "m", "input": "hi"}, key="right")
        assert refused.value.code == 401
        assert [request.authorized for request in model.requests] == [False, True]
        assert len(model.views) == 1
        refused.value.close()


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_http_error(status: int) -> None:
    with serve(lambda _: Answer(status=status, error="no")) as model:
        with pytest.raises(urllib.error.HTTPError) as failure:
            ask(model.base_url, {"model": "m", "input": "hi"})
        assert failure.value.code == status
        assert json.loads(failure.value.read())["error"]["message"] == "no"
        failure.value.close()


def test_a_failed_and_a_cut_stream() -> None:
    with serve(rules(Rule(when=said("cut"), answer=Answer(items=(Say("a"),), cut=True)))) as model:
        cut = ask(model.base_url, {"model": "m", "input": "cut"})
        failed = ask(model.base_url, {"model": "m", "input": "nothing fits"})
    assert cut[-1]["type"] == "response.output_item.done"
    assert failed[-1]["type"] == "response.failed"
    assert "nothing fits" in failed[-1]["response"]["error"]["message"]


def test_the_whole_answer_without_streaming() -> None:
    with serve(lambda _: Answer(items=(Say("x"),))) as model:
        request = urllib.request.Request(
            f"{model.base_url}/responses",
            data=b'{"model": "m", "input": "hi", "stream": false}',
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            body = json.load(response)
    assert body["output"][0]["content"][0]["text"] == "x"


def test_the_page_says_what_this_is_and_garbage_is_refused() -> None:
    with serve(lambda _: Answer()) as model:
        root = model.base_url.removesuffix("/v1")
        with urllib.request.urlopen(root + "/", timeout=30) as page:
            assert b"scripted" in page.read()
        with urllib.request.urlopen(model.base_url + "/models", timeout=30) as models:
            assert json.load(models)["data"] == []
        for path, body, status in (
            ("/v1/responses", b"\xff", 400),
            ("/v1/responses", b"[]", 400),
            ("/v1/other", b"{}", 404),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(root + path, data=body), timeout=30)
            assert refused.value.code == status
            refused.value.close()


def test_stopping_wakes_a_hanging_answer_and_leaves_no_thread() -> None:
    before = threading.active_count()
    ended = threading.Event()

    def hang(base_url: str) -> None:
        with contextlib.suppress(OSError):
            ask(base_url, {"model": "m", "input": "hi"})
        ended.set()

    started = time.monotonic()
    with serve(lambda _: Answer(hang_s=600)) as model:
        client = threading.Thread(target=hang, args=(model.base_url,))
        client.start()
        assert model.wait_for_requests(1)
    client.join(10)
    assert ended.is_set()
    assert threading.active_count() == before
    assert time.monotonic() - started < 20


def test_stopping_ends_connections_that_clients_keep_open() -> None:
    started = time.monotonic()
    with serve(lambda _: Answer()) as model:
        client = http.client.HTTPConnection("127.0.0.1", model.port, timeout=60)
        client.request("GET", "/")
        assert b"scripted" in client.getresponse().read()
    assert time.monotonic() - started < 20
    client.close()


def test_what_a_view_shows() -> None:
    view = view_of(
        {"type": "message", "role": "developer", "content": "be brief"},
        user("first"),
        {"type": "message", "role": "assistant", "content": [{"text": "ok"}]},
        {"type": "function_call", "call_id": "c1", "name": "exec_command", "arguments": "{}"},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": "Process exited with code 3\nOutput:\n",
        },
        {"type": "custom_tool_call", "call_id": "p1", "name": "apply_patch", "input": "*** B"},
        user("last"),
        tools=[{"type": "function", "name": "exec_command"}, {"type": "web_search"}],
        text={"format": {"type": "json_schema", "name": "plan", "schema": {"type": "object"}}},
    )
    assert view.developer_text == "be brief"
    assert view.user_texts == ("first", "last")
    assert view.last_user_text == "last"
    assert view.agent_texts == ("ok",)
    assert view.tools == ("exec_command", "web_search")
    assert (view.schema_name, view.schema) == ("plan", {"type": "object"})
    command, patch = view.calls
    assert (command.exit_code, command.succeeded) == (3, False)
    assert patch.output is None
    assert not view.answered("p1")
    assert view.answered("c1")
    assert view.calls_named("apply_patch") == (patch,)


@pytest.mark.parametrize(
    ("output", "succeeded", "refused"),
    [
        ("Exit code: 0\nOutput:\nSuccess.", True, False),
        ("Exit code: 1\nOutput:\nnope", False, False),
        ("exec_command failed: rejected by user", False, True),
        ("aborted by user after 1.0s", False, True),
        ("Process exited with code 0\nOutput:\nthe word rejected appears", True, False),
        ("apply_patch verification failed: Failed to find expected lines in a.txt", False, False),
    ],
)
def test_how_a_call_went(output: str, succeeded: bool, refused: bool) -> None:
    (call,) = view_of(
        {"type": "function_call", "call_id": "c", "name": "n", "arguments": ""},
        {"type": "function_call_output", "call_id": "c", "output": output},
    ).calls
    assert (call.succeeded, call.refused) == (succeeded, refused)


def test_unexpected_shapes_are_left_out() -> None:
    view = read_request({"input": [None, 3, {"type": "message"}, {"type": "other"}], "text": []})
    assert view.calls == ()
    assert view.schema_name is None


def history(*pairs: tuple[str, str]) -> list[Json]:
    items: list[Json] = [user("go")]
    for call_id, output in pairs:
        items.append(
            {"type": "function_call", "call_id": call_id, "name": "exec_command", "arguments": ""}
        )
        items.append({"type": "function_call_output", "call_id": call_id, "output": output})
    return items


STEPS = workflow(
    Answer(items=(Run("a", "one"),)),
    Answer(items=(Run("b", "two"),)),
    Answer(items=(Say("end"),)),
)


@pytest.mark.parametrize(
    ("before", "call_id"),
    [
        ([], "one"),
        ([("one", "Exit code: 0")], "two"),
        ([("one", "Exit code: 1")], "two"),
        ([("one", "aborted by user")], "one~2"),
        ([("one", "aborted"), ("one~2", "aborted")], "one~3"),
        ([("one", "aborted"), ("one~2", "Exit code: 0")], "two"),
        ([("one", "Exit code: 0"), ("two", "Exit code: 0")], None),
    ],
)
def test_a_workflow_goes_by_the_history(before: list[tuple[str, str]], call_id: str | None) -> None:
    answer = STEPS(view_of(*history(*before)))
    (item,) = answer.items
    assert getattr(item, "call_id", None) == call_id


def test_rules_match_in_order() -> None:
    script: Script = rules(
        Rule(when=wants_schema("plan"), answer=Answer(items=(Say("{}"),))),
        Rule(when=called("one"), answer=lambda view: Answer(items=(Say(view.model),))),
        Rule(when=always, answer=Answer(items=(Say("else"),))),
    )
    shape: Json = {"format": {"type": "json_schema", "name": "plan", "schema": {}}}
    assert script(view_of(text=shape)).items == (Say("{}"),)
    assert script(view_of(*history(("one", "x")))).items == (Say("m"),)
    assert script(view_of()).items == (Say("else"),)
