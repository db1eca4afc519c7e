"""The person's rules file: read with places, written as a whole, and never wider than it says."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from makeitso.errors import ConfigError, NotFoundError, UsageError
from makeitso.workspace.paths import UserDirs
from makeitso.workspace.rule_edit import RuleDraft, add_rule, revoke_rule
from makeitso.workspace.rule_file import parse_rules, read_rules

if TYPE_CHECKING:
    from makeitso.protocol.rules import Rule, RuleDecision

AT = 1_795_374_000_000
WRITTEN = """\
# mine, above all
next = 8

# fetching is fine
[[rule]]
id = "r3" # the third
decision = "allow"
pattern = "git fetch *"
workspace = "/w/one"
created_at = 2026-11-22T19:00:00Z
from = "a3"
run = "r20261122-1"

# publishing is not
[[rule]]
id = "r7"
decision = "deny"
pattern = "npm publish *"
workspace = "*"
note = "ask Ada"
"""


@pytest.fixture
def dirs(tmp_path: Path) -> UserDirs:
    return UserDirs(config=tmp_path / "config", state=tmp_path / "state")


def put(dirs: UserDirs, text: str | bytes, mode: int = 0o600) -> None:
    dirs.config.mkdir(exist_ok=True)
    dirs.rules_file.write_bytes(text if isinstance(text, bytes) else text.encode())
    dirs.rules_file.chmod(mode)


def draft(pattern: str = "git fetch *", decision: RuleDecision = "allow", **over: str) -> RuleDraft:
    return RuleDraft(decision=decision, pattern=pattern, workspace="/w/one", **over)


def ids(dirs: UserDirs) -> list[str]:
    return [rule.id for rule, _ in read_rules(dirs.rules_file).rules]


def test_a_file_written_by_hand(dirs: UserDirs) -> None:
    put(dirs, WRITTEN)
    file = read_rules(dirs.rules_file)
    assert not file.problems
    assert [(rule.id, line) for rule, line in file.rules] == [("r3", 5), ("r7", 15)]
    first, second = (rule for rule, _ in file.rules)
    assert (first.approval, first.run, first.created_at) == ("a3", "r20261122-1", AT)
    assert (second.decision, second.workspace, second.note) == ("deny", "*", "ask Ada")
    assert [r.id for r in file.known.allowing("/w/one", "ask")] == ["r3"]
    assert not file.known.allowing("/w/two", "ask")
    assert [r.id for r in file.known.denying("/w/two")] == ["r7"]


def test_no_file_is_no_rules(dirs: UserDirs) -> None:
    file = read_rules(dirs.rules_file)
    assert (file.rules, file.problems, file.known.sound) == ((), (), True)


WRONG = {
    "a key nobody knows": ('note = "ask Ada"', 'nte = "x"', "nte", 20),
    "a decision nobody knows": ('"deny"', '"maybe"', "decision", 17),
    "no pattern": ('pattern = "npm publish *"\n', "", "pattern", 15),
    "a pattern that reaches too far": ('"git fetch *"', '"sh -c *"', "any code", 8),
    "a relative workspace": ('"/w/one"', '"one"', "absolute", 9),
    "one id twice": ('"r3"', '"r7"', "twice", 16),
    "an id of another form": ('"r7"', '"r07"', "id", 16),
    "a misspelt table": ('[[rule]]\nid = "r7"', '[[rules]]\nid = "r7"', "unknown key rules", 15),
    "a count that is none": ("next = 8", 'next = "8"', "next", 2),
    "no TOML": ('from = "a3"', "from = a3", "not valid TOML", 11),
    "a kind of later": ('note = "ask Ada"', 'kind = "network"', "kind", 20),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_anything_wrong_is_said_with_its_place_and_allows_nothing(
    dirs: UserDirs, name: str
) -> None:
    old, new, words, line = WRONG[name]
    put(dirs, WRITTEN.replace(old, new))
    file = read_rules(dirs.rules_file)
    assert file.problems
    said = [str(problem) for problem in file.problems]
    assert any(words in text and text.startswith(f"{dirs.rules_file}:{line}:") for text in said), (
        said
    )
    assert not file.known.allowing("/w/one", "auto")
    before = dirs.rules_file.read_bytes()
    for change in (
        lambda: add_rule(draft("ls"), dirs=dirs, at=AT),
        lambda: revoke_rule("r3", dirs=dirs),
    ):
        with pytest.raises(ConfigError, match=r"rules\.toml"):
            change()
    assert dirs.rules_file.read_bytes() == before


@pytest.mark.parametrize("broken", ['from = "a3"', 'pattern = "git fetch *"', "next = 8"])
def test_what_denies_holds_in_a_file_that_is_no_toml(dirs: UserDirs, broken: str) -> None:
    put(dirs, WRITTEN.replace(broken, f"{broken} ="))
    file = read_rules(dirs.rules_file)
    assert [(rule.id, line) for rule, line in file.rules] == [("r7", 15)]
    assert not file.known.sound


@pytest.mark.parametrize("text", ["[[rule]\n", "=", "[[rule]]\n=", '"""'])
def test_a_file_that_is_no_toml_at_all_has_no_rules(dirs: UserDirs, text: str) -> None:
    put(dirs, text)
    file = read_rules(dirs.rules_file)
    assert (file.rules, len(file.problems)) == ((), 1)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_allows_nothing(dirs: UserDirs, mode: int) -> None:
    put(dirs, WRITTEN, mode)
    file = read_rules(dirs.rules_file)
    assert "others may write it" in str(file.problems[0])
    assert not file.known.allowing("/w/one", "auto")
    assert file.known.denying("/w/one")


@pytest.mark.parametrize("data", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_allows_nothing(dirs: UserDirs, data: bytes | None) -> None:
    put(dirs, data or b"")
    if data is None:
        dirs.rules_file.unlink()
        dirs.rules_file.mkdir()
    file = read_rules(dirs.rules_file)
    assert file.problems
    assert not file.known.sound


def test_a_rule_is_stored_once(dirs: UserDirs) -> None:
    first = add_rule(draft(approval="a1", run="r1"), dirs=dirs, at=AT)
    assert (first.id, first.pattern, first.created_at) == ("r1", "git fetch *", AT)
    assert dirs.rules_file.stat().st_mode & 0o777 == 0o600
    assert add_rule(draft(approval="a1", run="r1"), dirs=dirs, at=AT + 1) == first
    assert add_rule(draft("git  fetch *"), dirs=dirs, at=AT + 1) == first
    other = RuleDraft(decision="allow", pattern="git fetch *", workspace="/w/two")
    assert add_rule(other, dirs=dirs, at=AT).id == "r2"
    assert ids(dirs) == ["r1", "r2"]


def test_a_number_is_never_given_twice(dirs: UserDirs) -> None:
    for name in ("ls", "pwd"):
        add_rule(draft(name), dirs=dirs, at=AT)
    revoke_rule("r2", dirs=dirs)
    assert add_rule(draft("id"), dirs=dirs, at=AT).id == "r3"
    put(dirs, dirs.rules_file.read_text().replace("next = 4\n", ""))
    revoke_rule("r3", dirs=dirs)
    assert add_rule(draft("tty"), dirs=dirs, at=AT).id == "r4"


def test_what_a_person_wrote_stays(dirs: UserDirs) -> None:
    put(dirs, WRITTEN)
    add_rule(draft("ls", note='say "hi"\\'), dirs=dirs, at=AT)
    text = dirs.rules_file.read_text()
    assert text.startswith(WRITTEN.replace("next = 8", "next = 9"))
    assert read_rules(dirs.rules_file).rules[-1][0].note == 'say "hi"\\'
    revoke_rule("r3", dirs=dirs)
    text = dirs.rules_file.read_text()
    assert "# mine, above all" in text
    assert "# fetching is fine" in text
    assert "# publishing is not" in text
    assert ids(dirs) == ["r7", "r8"]
    with pytest.raises(NotFoundError):
        revoke_rule("r3", dirs=dirs)


def test_a_file_that_cannot_be_changed_safely_is_left(dirs: UserDirs) -> None:
    text = 'rule = [{id = "r1", decision = "deny", pattern = "ls", workspace = "*"}]\n'
    put(dirs, text)
    with pytest.raises(ConfigError, match="cannot be changed safely"):
        add_rule(draft("pwd"), dirs=dirs, at=AT)
    assert dirs.rules_file.read_text() == text
    assert ids(dirs) == ["r1"]


def test_what_reaches_too_far_is_not_stored(dirs: UserDirs) -> None:
    with pytest.raises(UsageError, match="any code it is given"):
        add_rule(draft("python -c *"), dirs=dirs, at=AT)
    assert not dirs.rules_file.exists()
    assert add_rule(draft("python -c *", "deny"), dirs=dirs, at=AT).decision == "deny"


def _store(dirs: UserDirs, name: str) -> None:
    for number in range(5):
        add_rule(draft(f"{name} {number}"), dirs=dirs, at=AT)


def test_two_processes_store_at_once(dirs: UserDirs) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_store, args=(dirs, name)) for name in ("ls", "stat", "id")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert sorted(ids(dirs)) == sorted(f"r{number}" for number in range(1, 16))


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


@settings(max_examples=100, deadline=None)
@example([("", "\x85")], [1])
@example([("a\u2028b", ""), ("\x0b", "\x1c")], [2, 1])
@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.lists(st.integers(1, 4), max_size=3))
def test_any_note_is_read_back_and_any_rule_can_go(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[str, str]], gone: list[int]
) -> None:
    top = tmp_path_factory.mktemp("rules")
    dirs = UserDirs(config=top / "config", state=top / "state")
    kept: dict[str, Rule] = {}
    for number, (note, workspace) in enumerate(notes):
        made = add_rule(
            RuleDraft(
                decision="deny", pattern=f"ls {number}", workspace=f"/{workspace}", note=note
            ),
            dirs=dirs,
            at=AT,
        )
        kept[made.id] = made
    for number in gone:
        if kept.pop(f"r{number}", None) is not None:
            revoke_rule(f"r{number}", dirs=dirs)
    assert {rule.id: rule for rule, _ in read_rules(dirs.rules_file).rules} == kept


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WRITTEN)), st.integers(0, 40), st.text('"[]=rule#\n*', max_size=6))
def test_a_damaged_file_is_read_and_never_allows_more(start: int, length: int, put_in: str) -> None:
    end = start + length
    file = parse_rules(Path("rules.toml"), WRITTEN[:start] + put_in + WRITTEN[end:])
    if file.problems:
        assert not file.known.allowing("/w/one", "auto")
        if end < WRITTEN.index("# publishing"):
            assert any(rule.id == "r7" for rule in file.known.denying("/w/two"))
