"""The help screen, lazy loading, and the boundary where every error gets an answer and a code."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
import typer
from mis_process import Mis, mis_in

from makeitso import __version__
from makeitso.cli import verbs
from makeitso.cli.console import visible
from makeitso.cli.lsp import parse_address
from makeitso.cli.main import main
from makeitso.cli.review import verb as actions
from makeitso.errors import UsageError

FIRST_SCREEN = tuple(
    "init plan run resume stop review approve status doctor demo open trust lsp".split()  # noqa: SIM905
)
PRESENT = [verb for verb in verbs.VERBS if verb.present]


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    verb = verbs.Verb("fail", "verb_that_fails", "Fail.", verbs.MORE)
    monkeypatch.setattr(verbs, "VERBS", (*verbs.VERBS, verb))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "makeitso/logs"


def test_the_first_screen_lists_the_verbs_in_order(mis: Mis) -> None:
    shown = mis("--help")
    assert shown.code == 0
    names = [line.strip("│ ").split(" ")[0] for line in shown.out.splitlines() if "│ " in line]
    listed = [name for name in names if name in {verb.name for verb in verbs.VERBS}]
    assert listed == [verb.name for verb in PRESENT]
    first = [verb.name for verb in verbs.VERBS if verb.panel == verbs.MAIN]
    assert tuple(first) == FIRST_SCREEN


def test_without_a_verb_help_is_shown(mis: Mis) -> None:
    assert mis().out == mis("--help").out
    assert mis().code == 0


@pytest.mark.parametrize("verb", PRESENT, ids=lambda verb: cast("verbs.Verb", verb).name)
def test_a_verbs_help_agrees_with_the_table(verb: verbs.Verb) -> None:
    command = verbs.load(verb)
    assert command.name == verb.name
    assert (command.help or "").splitlines()[0] == verb.help


@pytest.mark.parametrize("verb", PRESENT, ids=lambda verb: cast("verbs.Verb", verb).name)
def test_every_verb_takes_the_shared_options(verb: verbs.Verb) -> None:
    pending = [verbs.load(verb)]
    while pending:
        command = pending.pop()
        options = [name for param in command.params for name in param.opts]
        for name in ("-C", "-c", "--profile"):
            assert options.count(name) == 1, (command.name, name)
        pending += getattr(command, "commands", {}).values()


def test_every_action_of_a_review_is_in_the_table_that_finds_its_file() -> None:
    found: dict[str, str] = {}
    for path in Path(actions.__file__).parent.glob("*.py"):
        module = importlib.import_module(f"makeitso.cli.review.{path.stem}")
        if module is not actions and hasattr(module, "register"):
            group = typer.Typer()
            module.register(group)
            found |= dict.fromkeys(typer.main.get_group(group).commands, path.stem)
    assert found == actions.ACTIONS


def test_the_version(mis: Mis) -> None:
    assert mis("--version").out == f"mis {__version__}\n"


HEAVY = {"pygls", "lsprotocol", "openai", "openai_codex_cli_bin"}


@pytest.mark.parametrize(
    ("args", "absent"),
    [
        (["--version"], {*HEAVY, "pydantic", "anyio"}),
        (["--help"], {*HEAVY, "pydantic", "anyio"}),
        (["trust", "--json"], HEAVY),
        (["profile", "show"], HEAVY),
        (["open", "ftp://x"], HEAVY),
        (["init", "--no-agents-md"], HEAVY),
        (["status", "--json"], HEAVY),
        (["review", "--json"], {*HEAVY, "psutil", "tomlkit", "re2"}),
        (["parse", "--json", "."], {*HEAVY, "anyio", "tomlkit", "sqlite3"}),
    ],
)
def test_what_a_verb_does_not_need_is_not_loaded(
    mis: Mis, args: list[str], absent: set[str]
) -> None:
    program = (
        "import sys; from makeitso.cli.main import main; main(sys.argv[1:]);"
        "print('\\n', *(m for m in sys.modules if '.' not in m))"
    )
    loaded = set(mis(*args, python=("-c", program)).out.splitlines()[-1].split())
    assert "typer" in loaded
    assert not loaded & absent


def test_an_unknown_verb_names_the_near_one(mis: Mis) -> None:
    done = mis("trsut")
    assert done.code == 2
    assert "Did you mean 'trust'" in done.err
    assert done.out == ""


def test_a_wrong_option_is_a_usage_error_for_a_script_too(mis: Mis) -> None:
    done = mis("trust", "--json", "--nope")
    assert done.code == 2
    answer = cast("dict[str, object]", done.json)
    assert answer["type"] == "error"
    assert answer["code"] == -32602
    assert "--nope" in str(answer["message"])


def test_a_missing_directory(mis: Mis) -> None:
    done = mis("-C", "nowhere", "trust")
    assert (done.code, done.out) == (2, "")
    assert "no such directory" in done.err


def test_shared_options_stand_before_or_after_the_verb(mis: Mis, tmp_path: Path) -> None:
    (tmp_path / "other/.git").mkdir(parents=True)
    other = str(tmp_path / "other")
    before = mis("-C", other, "-c", "manager.seed=3", "profile", "show", "--json")
    after = mis("profile", "show", "-C", other, "-c", "manager.seed=3", "--json")
    assert before.code == 0
    assert before.out == after.out
    assert cast("dict[str, object]", before.json)["root"] == other
    both = mis("-c", "manager.seed=3", "profile", "show", "-c", "manager.max_rounds=9")
    assert "manager.seed = 3  # command line" in both.out
    assert "manager.max_rounds = 9  # command line" in both.out


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("expected", 4, "mis: no more tokens\n     Raise it.\n"),
        ("group", 1, "mis: worker died\n"),
        ("interrupted-group", 130, "interrupted\n"),
        ("interrupt", 130, ""),
        ("exit", 3, ""),
        ("sysexit", 4, ""),
        ("nothing", 0, ""),
    ],
)
def test_exit_codes(capsys: pytest.CaptureFixture[str], kind: str, code: int, said: str) -> None:
    assert main(["fail", kind]) == code
    shown = capsys.readouterr()
    assert (shown.out, shown.err.replace("\n\n", "\n").lstrip("\n")) == ("", said)


@pytest.mark.usefixtures("failing")
def test_an_error_for_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fail", "expected", "--json"]) == 4
    assert json.loads(capsys.readouterr().out) == {
        "type": "error",
        "code": -32011,
        "message": "no more tokens",
        "hint": "Raise it.",
        "data": {"used": 7},
    }


@pytest.mark.usefixtures("failing")
def test_json_after_the_dashes_is_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fail", "--", "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_a_bug_is_one_line_and_a_log_without_secrets(
    failing: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-very-secret-value")
    assert main(["fail", "bug"]) == 1
    shown = capsys.readouterr()
    (log,) = failing.iterdir()
    assert log.stat().st_mode & 0o777 == 0o600
    assert str(log) in shown.err
    assert "Traceback" not in shown.err
    assert "ValueError: token [redacted] is odd" in shown.err
    text = log.read_text()
    assert "Traceback" in text
    assert "verb_that_fails" in text
    assert "very-secret" not in text + shown.err


def test_a_bug_when_no_log_can_be_written(
    failing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing.parent.parent.mkdir(exist_ok=True)
    failing.parent.write_text("a file in the way")
    assert main(["fail", "bug", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["data"] == {"log": None}


WITH_FAILING_VERB = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from makeitso.cli import main, verbs
verbs.VERBS = (verbs.Verb("fail", "verb_that_fails", "Fail."),)
sys.exit(main.main())
"""


@pytest.mark.parametrize(
    "args",
    [
        ["-m", "makeitso", "profile", "show"],
        ["-m", "makeitso", "profile", "show", "--json"],
        ["-c", WITH_FAILING_VERB, str(Path(__file__).parent), "fail", "unflushed"],
        ["-c", WITH_FAILING_VERB, str(Path(__file__).parent), "fail", "pipe-group"],
    ],
    ids=["text", "json", "unflushed", "in a group of tasks"],
)
def test_a_reader_that_goes_away_is_no_error(mis: Mis, args: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, *args],
        cwd=mis.work,
        env=mis.env,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, b"")
    assert not (mis.home / "state").exists()


def test_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    mis = mis_in(tmp_path)
    coloured = mis.on_terminal("trust", "--nope", until="$", answer="")
    assert "\x1b[" in coloured.out
    plain = Mis(mis.home, mis.work, {"NO_COLOR": "1"})
    assert "\x1b[3" not in plain.on_terminal("trust", "--nope", until="$", answer="").out
    assert "\x1b[" not in mis("trust", "--nope").err


def test_hidden_characters_are_shown() -> None:
    assert visible("a\x1b[31mb\u202ec\rd\te\n") == "a\\x1b[31mb\\u202ec\\rd\te\n"


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:2087", ("127.0.0.1", 2087)), ("[::1]:0", ("::1", 0)), ("h:65535", ("h", 65535))],
)
def test_an_address(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "2087", ":1", "h:", "h:x", "h:65536", "h:-1", "h:²"])
def test_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="not HOST:PORT"):
        parse_address(text)


def test_the_server_is_not_both(capsys: pytest.CaptureFixture[str]) -> None:
    if any(verb.name == "lsp" for verb in PRESENT):
        assert main(["lsp", "--stdio", "--tcp", "h:1"]) == 2
        assert "exclude each other" in capsys.readouterr().err


def test_where_a_process_can_be_ended_is_said_by_the_help(mis: Mis) -> None:
    shown = mis("doctor", "--help")
    assert shown.code == 0
    assert "--fault-points" in shown.out
    assert "MAKEITSO_CRASH_AT" in shown.out
