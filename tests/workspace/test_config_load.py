"""Settings laid over each other, each with its source; wrong ones with place and fallback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from config_files import Place, found, place_in

from makeitso.errors import ConfigError, NotFoundError, NotYetError, UsageError
from makeitso.protocol.config import Config
from makeitso.workspace.config import explain, lint, require_runnable

if TYPE_CHECKING:
    from pathlib import Path

MISSION = """\
[project]
name = "acme"
root = "./"
artifacts_dir = ".makeitso/artifacts"

[manager]
# "codex" to have Codex act as manager; or "api:<model>" to use an assigned model via API
kind = "api:gpt-5-instant"  # or "codex"
approval = "delegate"       # "manual" | "confirm-phase" | "delegate"
budget_tokens = 500000
max_concurrency = 2

[workers.codex]
run_via = "cli"              # "cli" | "api"
profile = "default"
delimiters = { start = "<<MIS:START>>", end = "<<MIS:END>>" }

[policies]
write_files = "ask"          # "never" | "ask" | "auto"
run_shell = "ask"
network = "ask"

[learning]
mode = "shadow"              # "off" | "shadow" | "canary" | "auto"
regex_repo = "./protocol/regexes.toml"
prompt_repo = "./protocol/prompts/"
replay_dir = ".makeitso/replays"
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def test_nothing_anywhere_gives_the_defaults(place: Place) -> None:
    loaded = place.load()
    assert loaded.config == Config()
    assert loaded.problems == ()
    assert {source.kind for source in loaded.sources.values()} == {"default"}


def test_a_full_file_at_the_root_is_read_when_it_is_ours(place: Place) -> None:
    place.write("config.toml", MISSION)
    place.agree()
    loaded = place.load()
    assert loaded.problems == ()
    assert loaded.config.manager.kind == "api:gpt-5-instant"
    assert loaded.config.manager.approval == "delegate"
    assert loaded.config.workers.codex.delimiters.end == "<<MIS:END>>"
    assert str(loaded.sources["manager.approval"]) == f"{place.root / 'config.toml'}:9"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("[project]\nname = 'x'", False),
        ("manager = 3\nproject.name = 'x'", False),
        ("workers = 3\nproject.name = 'x'", False),
        ("[manager]\n[project]\nname = 'x'", True),
        ("[workers.codex]\n[project]\nname = 'x'", True),
    ],
)
def test_a_root_file_of_somebody_else_is_left_alone(place: Place, text: str, ours: bool) -> None:
    place.write("config.toml", text)
    loaded = place.load()
    assert loaded.config.project.name == ("x" if ours else "")
    assert loaded.problems == ()


def test_later_sources_win_and_each_value_knows_its_own(place: Place) -> None:
    user = place.user("[manager]\nseed = 1\nmax_rounds = 9\n[profiles.p.manager]\nseed = 3")
    place.write("config.toml", "[manager]\nseed = 2\n[ui]\nprofile = 'root'")
    own = place.workspace("[ui]\nprofile = 'own'\n[profiles.p.manager]\nmax_no_progress = 7")
    loaded = place.load("manager.seed=4", profile="p")
    assert loaded.config.manager.seed == 4
    assert [setting.value for setting in loaded.settings["manager.seed"]] == [1, 2, 3, 4]
    assert [s.outcome for s in loaded.settings["manager.seed"]] == ["overridden"] * 3 + ["holds"]
    assert str(loaded.sources["manager.seed"]) == "command line"
    assert str(loaded.sources["manager.max_rounds"]) == f"{user}:3"
    assert str(loaded.sources["ui.profile"]) == f"{own}:2"
    assert str(loaded.sources["manager.max_no_progress"]) == f"{own}:4 (profile p)"
    assert loaded.config.ui.profile == "own"
    assert place.load(profile="p").config.manager.seed == 3
    assert place.load().config.manager.seed == 2


def test_an_unknown_profile_names_those_there_are(place: Place) -> None:
    place.user("[profiles.careful]\n[profiles.fast]")
    with pytest.raises(UsageError, match="no profile carful") as caught:
        place.load(profile="carful")
    assert "careful, fast" in caught.value.hint


@pytest.mark.parametrize(
    ("flag", "key", "value"),
    [
        ("manager.kind=none", "manager.kind", "none"),
        ('manager.kind="none"', "manager.kind", "none"),
        ("manager.model=4.1", "manager.model", "4.1"),
        ("manager.model=true", "manager.model", "true"),
        ("manager.budget_tokens=120_000", "manager.budget_tokens", 120_000),
        ("monitor.enabled = false", "monitor.enabled", False),
        ('workers.codex.extra_args=["-c", "x=y"]', "workers.codex.extra_args", ("-c", "x=y")),
        ("manager={ seed = 5 }", "manager.seed", 5),
        ("manager.base_url=http://h/v1?a=b", "manager.base_url", "http://h/v1?a=b"),
        ("wait.base_s=3", "wait.base_s", 3.0),
    ],
)
def test_flags_take_toml_and_bare_words(place: Place, flag: str, key: str, value: object) -> None:
    loaded = place.load(flag)
    assert loaded.problems == ()
    assert loaded.value(key) == value
    assert loaded.sources[key].kind == "flag"


@pytest.mark.parametrize("flag", ["manager.kind", "=x", "a b=1", "[x]=1", "x]\n[y=1"])
def test_a_flag_that_is_no_assignment_is_a_usage_error(place: Place, flag: str) -> None:
    with pytest.raises(UsageError, match="not key=value"):
        place.load(flag)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("manager.max_concurrency = 'two'", "a whole number, at least 1 and at most 128"),
        ("manager.max_concurrency = 129", "a whole number, at least 1 and at most 128"),
        ("manager.max_concurrency = true", "a whole number"),
        ("manager.seed = 1.5", "a whole number"),
        ("manager.kind = 'gpt'", '"codex", "api:<model>" or "none"'),
        ("manager.approval = 'confrm-phase'", 'one of "manual", "confirm-phase", "delegate"'),
        ("monitor.enabled = 'yes'", "true or false"),
        ("wait.base_s = 0", "a number, more than 0"),
        ("bootstrap.commands = 'make'", "an array of strings"),
        ("bootstrap.commands = ['make', 3]", "an array of strings"),
        ("project.name = 3", "a string"),
        ("manager = 3", "a table"),
    ],
)
def test_a_wrong_value_says_what_was_expected_and_falls_back(
    place: Place, line: str, expected: str
) -> None:
    path = place.user(f"# first\n{line}\n")
    loaded = place.load()
    (problem,) = loaded.problems
    assert problem.problem.code == "wrong-value"
    assert expected in problem.problem.message
    assert problem.where == f"{path}:2:{line.index('=') + 3}"
    assert problem.problem.span.end_column == len(line)
    assert loaded.config == Config()
    require_runnable(loaded)  # it falls back; it does not stop a run


def test_a_wrong_value_falls_back_to_the_layer_below(place: Place) -> None:
    place.user("[manager]\nmax_rounds = 9")
    place.workspace("[manager]\nmax_rounds = 0")
    assert place.load().config.manager.max_rounds == 9


def test_a_near_word_comes_with_a_fix(place: Place) -> None:
    place.user("manager.approval = 'confrm-phase'\nmanager.aproval = 1")
    wrong, unknown = (p.problem for p in place.load().problems)
    assert [fix.new_text for fix in wrong.fixes] == ['"confirm-phase"']
    assert wrong.fixes[0].span == wrong.span
    assert [fix.new_text for fix in unknown.fixes] == ["approval"]


@pytest.mark.parametrize(
    ("text", "meant", "at"),
    [
        ("[manager]\naproval = 'manual'", "did you mean manager.approval?", "2:1"),
        ("[polices]\nnetwork = 'never'", "did you mean policies?", "1:1"),
        ("[manager]\nnetwork = 'never'", "did you mean policies.network?", "2:1"),
        ("workers.codex.delimiters = { stat = 'x' }", "did you mean workers.codex.del", "1:30"),
        ("[manager]\nzzz = 1", "unknown key manager.zzz", "2:1"),
        ("workers.codex.delimiters.json_ = 'x'", "did you mean workers.codex.delimit", "1:26"),
    ],
)
def test_an_unknown_key_is_pointed_at(place: Place, text: str, meant: str, at: str) -> None:
    path = place.user(text)
    (problem,) = place.load().problems
    assert problem.problem.code == "unknown-key"
    assert problem.problem.severity == "warning"
    assert meant in problem.problem.message
    assert problem.where == f"{path}:{at}"


@pytest.mark.parametrize(
    ("raw", "code", "at"),
    [
        (b"[manager]\nseed = \n", "toml-syntax", "2:8"),
        (b"[manager\n", "toml-syntax", "1:9"),
        (b"a = 1\na = 2\n", "toml-syntax", "2:6"),
        (b"a = '\xff'", "toml-syntax", "1:6"),
        (b"a = '''x", "toml-syntax", "1:9"),
        (b"a = " + b"[" * 5000, "toml-syntax", None),
        (b"#" * 1_000_001, "config-unreadable", "1:1"),
    ],
)
def test_a_file_that_does_not_parse_is_left_out_whole(
    place: Place, raw: bytes, code: str, at: str | None
) -> None:
    path = place.user("")
    path.write_bytes(raw)
    loaded = place.load()
    (problem,) = loaded.problems
    assert problem.problem.code == code
    assert at is None or problem.where == f"{path}:{at}"
    assert loaded.config == Config()
    with pytest.raises(ConfigError, match=r"config\.toml"):
        require_runnable(loaded)


def test_a_directory_in_place_of_the_file_is_said(place: Place) -> None:
    place.dirs.config_file.mkdir(parents=True)
    assert [code for code, _, _ in found(place.load())] == ["config-unreadable"]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("workers.codex.run_via = 'api'", "workers.codex.run_via"),
        ("workers.codex.auth = 'account'", "workers.codex.auth"),
        ("team.temporal = 'h:7233'", "team.temporal"),
        ("policies.air_gap = true", "policies.air_gap"),
        ("repos.other.path = '../other'", "repos.other.path"),
    ],
)
def test_what_is_not_built_yet_is_refused_with_key_and_place(
    place: Place, line: str, key: str
) -> None:
    path = place.user(f"\n{line}\n")
    loaded = place.load()
    assert found(loaded) == [("not-yet", key, 2)]
    assert loaded.config == Config()
    with pytest.raises(NotYetError) as caught:
        require_runnable(loaded)
    assert caught.value.message.startswith(f"{path}:2:")
    assert key in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("line", ["workers.codex.run_via = 'cli'", "team.temporal = ''"])
def test_a_default_of_such_a_key_is_no_problem(place: Place, line: str) -> None:
    place.user(line)
    loaded = place.load()
    assert loaded.problems == ()
    require_runnable(loaded)


def test_not_yet_on_the_command_line(place: Place) -> None:
    with pytest.raises(NotYetError, match=r"^-c: workers\.codex\.run_via"):
        require_runnable(place.load("workers.codex.run_via=api"))


def test_redaction_cannot_be_turned_off(place: Place) -> None:
    place.user("[telemetry]\nredact = false")
    loaded = place.load()
    assert found(loaded) == [("refused", "telemetry.redact", 2)]
    assert loaded.config.telemetry.redact is True
    with pytest.raises(ConfigError, match="cannot be turned off"):
        require_runnable(loaded)


def test_explain_shows_the_whole_chain(place: Place) -> None:
    user = place.user("[policies]\nnetwork = 'never'")
    own = place.workspace("[policies]\nnetwork = 'auto'")
    place.agree()
    assert explain(place.load(), "policies.network").splitlines() == [
        'policies.network = "never"',
        "  Network for workers: never, ask, auto.",
        '  default: "ask"',
        f'  refused: "auto" from {own}:2',
        f'  holds: "never" from {user}:2',
    ]


def test_a_key_that_does_not_exist_is_not_explained(place: Place) -> None:
    with pytest.raises(NotFoundError) as caught:
        explain(place.load(), "policies.netwrk")
    assert "policies.network" in caught.value.hint


def test_tables_by_name_keep_quoted_names(place: Place) -> None:
    place.user('[debug.targets."my.app"]\nprogram = "a"\n')
    loaded = place.load()
    assert loaded.problems == ()
    assert loaded.config.debug.targets["my.app"].program == "a"
    assert loaded.value('debug.targets."my.app".program') == "a"


def test_a_text_in_an_editor_is_linted_with_all_its_profiles(place: Place) -> None:
    text = (
        "[profiles.p.manager]\nseed = 'x'\n[manager]\naproval = 1\nkind = 'none'\n"
        "[profiles.q]\nteam.temporal = 'h:1'\nproject.artifacts_dir = '..'\n"
    )
    path = place.root / ".makeitso/config.toml"
    problems = lint(text, path=path, root=place.root)
    assert [(p.code, p.span.line + 1) for p in problems] == [
        ("wrong-value", 2),
        ("unknown-key", 4),
        ("not-yet", 7),
        ("path-outside", 8),
    ]
    assert [p.code for p in lint("[x", path=path, root=place.root)] == ["toml-syntax"]
    assert lint("", path=path, root=place.root) == ()
