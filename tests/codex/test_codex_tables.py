"""The pure parts of the codex room: permissions, failures, messages, exec lines, home."""

from __future__ import annotations

import itertools
import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from makeitso.codex.execlines import ThreadNamed, read_exec_line
from makeitso.codex.failures import classify
from makeitso.codex.home import (
    KEY_VARIABLE,
    HomeSettings,
    codex_environment,
    config_text,
    write_home,
)
from makeitso.codex.messages import unwrapped
from makeitso.codex.notes import (
    ItemEnded,
    ItemStarted,
    RequestSettled,
    TextDelta,
    Tokens,
    Trouble,
    TurnEnded,
    read_note,
)
from makeitso.codex.permissions import READ_ONLY, CodexPermissions, codex_permissions
from makeitso.errors import EnvironmentFault
from makeitso.processes import Line

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.words import Permission

PERMISSIONS: tuple[Permission, ...] = ("never", "ask", "auto")


@pytest.mark.parametrize(
    ("write_files", "run_shell", "network", "expected"),
    [
        ("ask", "ask", "never", ("workspace-write", "on-request", False, "disabled", True)),
        ("auto", "auto", "auto", ("workspace-write", "on-request", True, "live", True)),
        ("never", "ask", "ask", ("read-only", "on-request", False, "disabled", True)),
        ("never", "never", "auto", ("read-only", "on-request", False, "live", False)),
    ],
)
def test_permissions(
    write_files: Permission,
    run_shell: Permission,
    network: Permission,
    expected: tuple[object, ...],
) -> None:
    got = codex_permissions(write_files=write_files, run_shell=run_shell, network=network)
    fields = (got.sandbox, got.approval, got.network_access, got.web_search, got.shell_tool)
    assert fields == expected


def test_no_combination_is_looser_than_its_policies() -> None:
    for write, shell, network, step in itertools.product(
        PERMISSIONS, PERMISSIONS, PERMISSIONS, (False, True)
    ):
        got = codex_permissions(
            write_files=write, run_shell=shell, network=network, step_commands=step
        )
        assert got.sandbox != "danger-full-access"
        assert got.approval == ("untrusted" if step else "on-request")
        assert write != "never" or got.sandbox == "read-only"
        assert shell != "never" or not got.shell_tool
        assert network == "auto" or (not got.network_access and got.web_search == "disabled")


def test_without_a_sandbox_nothing_asks_unless_stepping() -> None:
    bare = codex_permissions(write_files="ask", run_shell="ask", network="never", sandbox=False)
    assert (bare.sandbox, bare.approval) == ("danger-full-access", "never")


@pytest.mark.parametrize(
    ("message", "info", "kind", "retryable"),
    [
        ("unexpected status 401 Unauthorized: x", None, "auth", False),
        ("x", {"httpConnectionFailed": {"httpStatusCode": 401}}, "auth", False),
        ("x", {"httpConnectionFailed": {"httpStatusCode": 503}}, "model", True),
        ("x", {"httpConnectionFailed": {"httpStatusCode": None}}, "refused-connection", True),
        ("x", {"responseStreamDisconnected": {}}, "stream-cut", True),
        ("x", "contextWindowExceeded", "context-window", False),
        ("x", "usageLimitExceeded", "usage-limit", False),
        ("x", "serverOverloaded", "model", True),
        ("Missing environment variable: `K`.", "other", "auth", False),
        ("Connection failed: error sending request", "other", "refused-connection", True),
        (
            "stream disconnected before completion: stream closed before response.completed",
            "other",
            "stream-cut",
            True,
        ),
        ("stream disconnected before completion: cannot do that", "other", "model", True),
        ("exceeded retry limit, last status: 429 Too Many Requests", None, "usage-limit", True),
        ("unexpected status 404 Not Found: x", None, "unknown-model", False),
        ("The requested model 'm' does not exist.", "badRequest", "unknown-model", False),
        ("the model is asleep", "badRequest", "model", False),
        ("something new", {"somethingNew": 3}, "model", False),
        ("something new", None, "model", False),
    ],
)
def test_failures_are_named(message: str, info: object, kind: str, retryable: bool) -> None:
    failure = classify(message, info)
    assert (failure.kind, failure.retryable) == (kind, retryable)


def test_a_raw_error_body_becomes_its_message() -> None:
    body = json.dumps({"error": {"message": "too many tools", "code": "x"}})
    assert classify(body).message == "too many tools"
    assert classify('{"error": 3}').message == '{"error": 3}'


@pytest.mark.parametrize(
    ("command", "bare"),
    [
        ("/bin/bash -c 'ls -la; echo \"a b\"'", 'ls -la; echo "a b"'),
        ("/usr/bin/zsh -lc ls", "ls"),
        ("/bin/bash -c 'ls' extra", "/bin/bash -c 'ls' extra"),
        ("git status", "git status"),
        ("unbalanced 'quote", "unbalanced 'quote"),
        ("python -c 'print(1)'", "python -c 'print(1)'"),
    ],
)
def test_the_shell_wrapper_goes(command: str, bare: str) -> None:
    assert unwrapped(command) == bare


def test_notes_of_other_threads_are_left_out() -> None:
    params: dict[str, object] = {"threadId": "T", "itemId": "i", "delta": "x"}
    assert read_note("item/agentMessage/delta", params, thread="T") == TextDelta("i", "x")
    assert read_note("item/agentMessage/delta", params, thread="U") is None


def test_notes_are_tolerant() -> None:
    def read(method: str, params: dict[str, object]) -> object:
        return read_note(method, params, thread="T")

    assert read("something/new", {"a": 1}) is None
    assert isinstance(read("item/started", {"item": 3}), Trouble)
    assert read("serverRequest/resolved", {"requestId": 0}) == RequestSettled(0)
    assert read("serverRequest/resolved", {}) is None
    item = read("item/completed", {"item": {"type": "new", "text": None, "odd": [1]}})
    assert isinstance(item, ItemEnded)
    assert item.item.text == ""
    end = read("turn/completed", {"turn": {"id": "U", "status": "failed", "error": {}}})
    assert isinstance(end, TurnEnded)
    assert end.failure is not None
    bundled = "Codex could not find it. Codex will use the bundled bubblewrap in the meantime."
    assert read("warning", {"message": bundled}) is None
    ours = (
        "hooks are disabled in the following folders until the project is trusted, but skills load"
    )
    assert read("configWarning", {"summary": f"Project-local config and {ours}."}) is None
    assert read("configWarning", {"summary": "a", "details": "b"}) == Trouble("a b", False)


def exec_line(text: str) -> object:
    (note,) = read_exec_line(Line(text.encode()))
    return note


def test_exec_lines() -> None:
    assert exec_line('{"type":"thread.started","thread_id":"T"}') == ThreadNamed("T")
    started = exec_line(
        '{"type":"item.started","item":{"id":"item_2","type":"command_execution",'
        '"command":"ls","aggregated_output":"","exit_code":null,"status":"in_progress"}}'
    )
    assert isinstance(started, ItemStarted)
    assert started.item.type == "commandExecution"
    ended = exec_line(
        '{"type":"item.completed","item":{"id":"item_2","type":"command_execution",'
        '"command":"ls","aggregated_output":"a","exit_code":3,"status":"failed"}}'
    )
    assert isinstance(ended, ItemEnded)
    assert (ended.item.exit_code, ended.item.aggregated_output) == (3, "a")
    assert exec_line('{"type":"error","message":"Reconnecting... 1/2"}') == Trouble(
        "Reconnecting... 1/2", will_retry=True
    )
    failed = exec_line('{"type":"turn.failed","error":{"message":"unexpected status 401 x"}}')
    assert isinstance(failed, TurnEnded)
    assert failed.failure is not None
    assert failed.failure.kind == "auth"
    tokens, end = read_exec_line(
        Line(b'{"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":2,"new":1}}')
    )
    assert isinstance(tokens, Tokens)
    assert tokens.total.total_tokens == 7
    assert end == TurnEnded("", "completed", None)


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"no": "type"}', "[" * 100_000, "\x00"])
def test_odd_exec_lines_are_trouble(text: str) -> None:
    assert isinstance(exec_line(text), Trouble)


def test_empty_and_unknown_exec_lines_say_nothing() -> None:
    assert read_exec_line(Line(b"")) == []
    assert read_exec_line(Line(b'{"type":"turn.started"}')) == []
    assert read_exec_line(Line(b'{"type":"something.new","item":null}')) == []
    assert isinstance(read_exec_line(Line(b"xx", cut=9))[0], Trouble)


def settings(workspace: Path, **changes: object) -> HomeSettings:
    values: dict[str, object] = {"permissions": READ_ONLY, "workspace": workspace}
    return HomeSettings(**{**values, **changes})  # pyright: ignore[reportArgumentType]


def test_the_config_of_a_job(tmp_path: Path) -> None:
    repo = tmp_path / 'a "quoted" dir é'
    rights = CodexPermissions(
        sandbox="workspace-write",
        approval="untrusted",
        network_access=True,
        web_search="live",
        shell_tool=False,
    )
    text = config_text(
        settings(repo, permissions=rights, model="m", base_url="http://x/v1", has_key=True)
    )
    config = tomllib.loads(text)
    assert config["model_providers"]["makeitso"]["env_key"] == KEY_VARIABLE
    assert config["model_providers"]["makeitso"]["wire_api"] == "responses"
    assert config["features"] == {
        "shell_snapshot": False,
        "unbounded_connection_retries": False,
        "shell_tool": False,
    }
    assert config["analytics"]["enabled"] is False
    assert config["check_for_update_on_startup"] is False
    assert config["approval_policy"] == "on-request"
    assert config["sandbox_workspace_write"]["network_access"] is True
    assert config["sandbox_workspace_write"]["exclude_slash_tmp"] is True
    assert KEY_VARIABLE in config["shell_environment_policy"]["exclude"]
    assert config["projects"][str(repo)] == {"trust_level": "untrusted"}
    assert "developer_instructions" not in config


def test_without_key_and_url_the_program_keeps_its_own_provider(tmp_path: Path) -> None:
    config = tomllib.loads(config_text(settings(tmp_path, instructions='say "x"\n')))
    assert "model_provider" not in config
    assert config["developer_instructions"] == 'say "x"\n'
    keyless = tomllib.loads(config_text(settings(tmp_path, base_url="http://x/v1")))
    assert "env_key" not in keyless["model_providers"]["makeitso"]
    keyed = tomllib.loads(config_text(settings(tmp_path, has_key=True)))
    assert keyed["model_providers"]["makeitso"]["base_url"].startswith("https://api.openai.com")


def test_a_home_is_private_and_can_be_written_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_home(home, settings(tmp_path, model="one"))
    write_home(home, settings(tmp_path, model="two"))
    assert tomllib.loads((home / "config.toml").read_text())["model"] == "two"
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "config.toml").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["config.toml"]


def test_a_home_that_cannot_be_made_is_an_environment_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="Codex home"):
        write_home(tmp_path / "file" / "home", settings(tmp_path))


def test_the_environment_is_an_allow_list(tmp_path: Path) -> None:
    env = codex_environment(
        home=tmp_path / "home",
        tmp=tmp_path / "tmp",
        api_key="sk-x",
        inherited={"PATH": "/bin", "LC_ALL": "C", "AWS_SECRET": "s", "CODEX_HOME": "/theirs"},
        extra={"EXTRA": "1"},
    )
    assert env == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "SHLVL": "1",
        "EXTRA": "1",
        "CODEX_HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        KEY_VARIABLE: "sk-x",
    }


@pytest.mark.parametrize("home", ["tmp", "tmp/home", "link/home"])
def test_a_home_below_tmp_is_refused(tmp_path: Path, home: str) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "tmp")
    with pytest.raises(EnvironmentFault, match="temporary directory"):
        codex_environment(
            home=tmp_path / home, tmp=tmp_path / "tmp", api_key=None, inherited={}, extra={}
        )
