"""`mis open` opens or prints, as display, settings and policy say, and refuses what is no URL."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import pytest
from mis_process import Mis, mis_in

from makeitso.cli import open_url
from makeitso.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://example.org/a b".replace(" ", "%20") + "?q=[bold]&r=$HOME;x"


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    """A machine whose `recorder` command writes down its arguments."""
    mis = mis_in(tmp_path)
    recorder = tmp_path / "recorder.py"
    recorder.write_text(
        "import pathlib, sys\n"
        "pathlib.Path(sys.argv[0]).with_suffix('.seen').write_text('\\n'.join(sys.argv[1:]))\n"
        "sys.exit(int(sys.argv[1]) if sys.argv[1].isdigit() else 0)\n"
    )
    return mis


def configure(mis: Mis, command: str = "", *, run_shell: str = "auto") -> None:
    recorder = mis.home.parent / "recorder.py"
    mis.user_config(
        f"[policies]\nrun_shell = '{run_shell}'\n[ui]\nopen_url = 'command'\n"
        f"open_url_command = '''\"{sys.executable}\" \"{recorder}\" {command}'''\n"
    )


def seen(mis: Mis) -> list[str] | None:
    path = mis.home.parent / "recorder.seen"
    return path.read_text().split("\n") if path.exists() else None


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("--new {url}", ["--new", URL]),
        ("'--title=a b' --app={url}", ["--title=a b", f"--app={URL}"]),
        ("", [URL]),
    ],
)
def test_the_command_gets_the_url_as_one_argument(
    mis: Mis, command: str, arguments: list[str]
) -> None:
    configure(mis, command)
    done = mis("open", URL)
    assert (done.code, done.out) == (0, "")
    assert seen(mis) == arguments


def test_never_prints(mis: Mis) -> None:
    configure(mis, run_shell="never")
    done = mis("open", URL)
    assert (done.code, done.out) == (0, URL + "\n")
    assert 'run_shell = "never"' in done.err
    assert seen(mis) is None


def test_ask_prints_where_nobody_can_be_asked(mis: Mis) -> None:
    configure(mis, run_shell="ask")
    done = mis("open", URL)
    assert (done.code, done.out) == (0, URL + "\n")
    assert "nobody to ask" in done.err
    assert "[y/N]" not in done.err
    assert seen(mis) is None
    assert mis("open", "--yes", URL).code == 0
    assert seen(mis) == [URL]


@pytest.mark.parametrize(("answer", "runs"), [("y\n", True), ("\n", False)])
def test_ask_asks_on_a_terminal(mis: Mis, answer: str, runs: bool) -> None:
    configure(mis, run_shell="ask")
    done = mis.on_terminal("open", URL, until="? [y/N]", answer=answer)
    assert done.code == 0
    assert (seen(mis) is not None) is runs
    assert runs or URL in done.out.partition("[y/N]")[2]


def test_a_command_that_fails_is_said(mis: Mis) -> None:
    configure(mis, "7 {url}")
    done = mis("open", URL, "--json")
    assert done.code == 2
    assert "ended with 7" in str(cast("dict[str, object]", done.json)["message"])


def test_a_command_that_is_not_there(mis: Mis) -> None:
    mis.user_config(
        "policies.run_shell = 'auto'\nui = { open_url = 'command', open_url_command = 'no-such' }"
    )
    done = mis("open", URL)
    assert done.code == 2
    assert "cannot run no-such" in done.err


def test_print_prints(mis: Mis) -> None:
    mis.user_config("ui.open_url = 'print'")
    assert mis("open", URL).out == URL + "\n"
    assert mis("open", URL, "--json").json == {
        "url": URL,
        "action": "printed",
        "reason": 'ui.open_url = "print"',
    }


def test_auto_prints_without_a_display(mis: Mis) -> None:
    mis.user_config("policies.run_shell = 'auto'")
    assert mis("open", URL).out == URL + "\n"


@pytest.mark.parametrize(
    ("environ", "platform", "reason"),
    [
        ({"CI": "true", "DISPLAY": ":0"}, "linux", "this is a CI job"),
        ({"SSH_CONNECTION": "1", "DISPLAY": ":0"}, "linux", "this is a remote session"),
        ({"container": "podman", "DISPLAY": ":0"}, "linux", "this is a container"),
        ({}, "linux", "there is no display"),
        ({"DISPLAY": ":0"}, "linux", ""),
        ({"WAYLAND_DISPLAY": "w"}, "linux", ""),
        ({}, "darwin", ""),
    ],
)
def test_where_no_window_can_open(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], platform: str, reason: str
) -> None:
    monkeypatch.setattr(open_url, "CONTAINER_MARKS", ())
    assert open_url.headless(environ, platform=platform) == reason


def test_a_marked_container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(open_url, "CONTAINER_MARKS", (tmp_path,))
    assert open_url.headless({"DISPLAY": ":0"}) == "this is a container"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://x/y",
        "example.org",
        "https:///path",
        "http://",
        "https://x/\n--flag",
        "https://x/ y",
        "https://x/\u202ey",
        "https://[x",
        "",
    ],
)
def test_what_is_no_such_url_is_refused(mis: Mis, url: str) -> None:
    configure(mis)
    done = mis("open", url)
    assert (done.code, done.out) == (2, "")
    assert seen(mis) is None


def test_an_option_is_no_url(mis: Mis) -> None:
    assert mis("open", "--", "--version").code == 2


def test_a_file_url(mis: Mis) -> None:
    configure(mis)
    assert mis("open", "file:///tmp/x").code == 0
    assert seen(mis) == ["file:///tmp/x"]


@pytest.mark.parametrize("template", ["", "  ", "a 'b"])
def test_a_command_that_makes_no_sense(template: str) -> None:
    with pytest.raises(ConfigError, match="open_url_command"):
        open_url.command_for(template, URL)


def test_an_untrusted_workspace_names_no_program(mis: Mis) -> None:
    recorder = mis.home.parent / "recorder.py"
    mis.write(
        ".makeitso/config.toml",
        "policies.run_shell = 'auto'\n[ui]\nopen_url = 'command'\n"
        f'open_url_command = \'"{sys.executable}" "{recorder}"\'\n',
    )
    assert mis("open", URL).out == URL + "\n"
    assert seen(mis) is None
    mis("trust", "--yes")
    assert mis("open", URL).out == ""
    assert seen(mis) == [URL]
