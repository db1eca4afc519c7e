"""Which command lines are refused, denied, unclear, allowed or plain."""

from __future__ import annotations

import pytest

from makeitso.parsing.linear import PatternError
from makeitso.policy.commands import Rules, judge, normalise, refusal_views
from makeitso.policy.refusals import REFUSALS
from makeitso.policy.shell_paths import Place

PLACE = Place(cwd="/w/tree", root="/w/tree", pids=frozenset({4242}))


@pytest.mark.parametrize(
    ("name", "line"), [(r.name, line) for r in REFUSALS for line in r.examples]
)
def test_each_example_is_refused_by_its_own_rule(name: str, line: str) -> None:
    verdict = judge(line, place=PLACE, rules=Rules(allow=("*", "rm *", "git *")))
    assert (verdict.answer, verdict.rule) == ("refused", name), verdict
    assert verdict.reason


@pytest.mark.parametrize("line", [line for r in REFUSALS for line in r.counter_examples])
def test_each_counter_example_passes(line: str) -> None:
    assert judge(line, place=PLACE).answer in ("plain", "unclear"), judge(line, place=PLACE)


def test_every_refusal_is_shown_with_an_example() -> None:
    assert [view.name for view in refusal_views()] == [refusal.name for refusal in REFUSALS]
    assert all(view.about and view.example for view in refusal_views())


WRAPPED = (
    "{}",
    "sudo -u root {}",
    "sudo -n -- {}",
    "doas {}",
    "env A=b -u C {}",
    "env -C /tmp {}",
    "A=1 B=2 {}",
    "timeout -k 5 -s KILL 10 {}",
    "timeout --signal=KILL 10 {}",
    "nice -n 19 {}",
    "nice -19 {}",
    "nohup {}",
    "ionice -c 3 {}",
    "stdbuf -oL {}",
    "setsid -w {}",
    "time -p {}",
    "command {}",
    "exec -a name {}",
    "xargs -n 1 -I % {}",
    "find . -exec {} ;",
    "busybox {}",
    "sudo nice -n 5 env X=1 timeout 3 {}",
    "true; {}",
    "true && {}",
    "false || {}",
    "true & {}",
    "true | {}",
    "true\n{}",
    "( {} )",
    "{{ {}; }}",
    "! {}",
    "while true; do {}; done",
    "case x in a) {};; esac",
    "f() {{ {}; }}; f",
    "sh -c '{}'",
    "bash -lc '{}'",
    "/bin/bash -c '{}'",
    "bash -euxo pipefail -c '{}'",
    "sh -c \"sh -c '{}'\"",
    "eval '{}'",
    "eval {}",
    "echo $({})",
    "echo `{}`",
    'echo "$({})"',
    "echo ${{X:-$({})}}",
    "diff <({}) x",
    "cat <<EOF\n$({})\nEOF",
    "bash <<'EOF'\n{}\nEOF",
    "bash <<< '{}'",
    "env -S '{}'",
    "{} # harmless",
    "{} > log 2>&1",
    "2>/dev/null {}",
    "/usr/bin/env {}",
)


@pytest.mark.parametrize("form", WRAPPED)
def test_what_wraps_a_command_does_not_hide_it(form: str) -> None:
    line = form.format("/bin/rm -rf /etc")
    assert judge(line, place=PLACE).rule == "remove-much", line
    assert not judge(form.format("/bin/rm -rf build"), place=PLACE).stops


@pytest.mark.parametrize(
    "line",
    [
        "$CMD x",
        "/bin/r? -rf x",
        'rm -rf "$DIR"/',
        "cd $DIR && rm -rf .",
        'sh -c "$LINE"',
        "eval $LINE",
        "bash",
        "echo x | sh",
        "bash < script",
        'python3 -c "import os"',
        "python3 -",
        "perl -ne print",
        "node -e 1",
        "awk 1 file",
        "ls | xargs touch",
        "ssh host ls",
        "echo 'open",
        'echo "open',
        "echo $(open",
        "echo `open",
        "cat <<EOF\nopen",
        "sh -c " * 40 + "ls",
        "a" * 100_001,
        "$(" * 20 + "ls" + ")" * 20,
    ],
)
def test_what_is_not_understood_is_unclear_and_never_allowed(line: str) -> None:
    verdict = judge(line, place=PLACE, rules=Rules(allow=("*", "* *")))
    assert verdict.answer == "unclear", verdict
    assert verdict.reason


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("git status", "allowed"),
        ("/usr/bin/git status", "allowed"),
        ("npm run build -- --fast", "allowed"),
        ("git status && npm run lint", "allowed"),
        ("sh -c 'git status'", "allowed"),
        ("git status --short", "plain"),
        ("git status; make", "plain"),
        ("git status > out", "plain"),
        ("sudo git status", "plain"),
        ("GIT_PAGER=evil git status", "plain"),
        ("git status $(make)", "plain"),
        ("npm run deploy", "denied"),
        ("npm run build && npm run deploy --now", "denied"),
        ("sudo -E npm run deploy", "denied"),
        ("echo drop table users", "denied"),
        ("sh -c 'psql -c \"DROP  TABLE users\"'", "denied"),
        ("ech'o' dr''op table users", "denied"),
    ],
)
def test_deny_beats_allow(line: str, answer: str) -> None:
    rules = Rules(
        allow=("git status", "npm run *"),
        deny=("npm run deploy *", "npm run deploy"),
        dangerous=(r"(?i)drop\s+table",),
    )
    assert judge(line, place=PLACE, rules=rules).answer == answer


def test_a_bad_expression_is_said() -> None:
    with pytest.raises(PatternError):
        judge("ls", rules=Rules(dangerous=("(",)))


@pytest.mark.parametrize(
    ("line", "inner"),
    [
        ("/bin/bash -lc 'ls -l'", "ls -l"),
        ('bash -c "ls"', "ls"),
        ("sh -c 'bash -lc '\\''echo a'\\'''", "echo a"),
        ("ls -l", "ls -l"),
        ("sh -c 'ls' x", "sh -c 'ls' x"),
        ("sudo sh -c 'ls'", "sudo sh -c 'ls'"),
        ("sh -c 'ls' > x", "sh -c 'ls' > x"),
        ('sh -c "$X"', 'sh -c "$X"'),
        ("sh -c 'open", "sh -c 'open"),
        ("", ""),
    ],
)
def test_the_shell_around_a_line_is_taken_off(line: str, inner: str) -> None:
    assert normalise(line) == inner


@pytest.mark.parametrize(
    ("place", "line", "stops"),
    [
        (Place(), "rm -rf ..", True),
        (Place(), "rm -rf ../../", True),
        (Place(), "rm -rf ../dist", False),
        (Place(), "rm -rf .", False),
        (Place(cwd="/w/tree/a/b", root="/w/tree"), "rm -rf ..", False),
        (Place(cwd="/w/tree/a/b", root="/w/tree"), "rm -rf ../..", True),
        (Place(cwd="/w/tree/a/b", root="/w/tree"), "rm -rf ../../..", True),
        (Place(cwd="/w/tree/a", root="/w/tree"), "rm -rf $PWD", False),
        (PLACE, "rm -rf $PWD", True),
        (PLACE, "rm -rf /w", True),
        (PLACE, "rm -rf /w/tree/build", False),
        (Place(cwd="/elsewhere/x", root="/w/tree"), "git reset --hard", True),
    ],
)
def test_where_a_line_runs_counts(place: Place, line: str, stops: bool) -> None:
    assert judge(line, place=place).stops is stops
