"""What a real shell runs of a line that rules allow has the form of a rule: bash is the judge."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makeitso.policy.commands import Rules, judge
from makeitso.policy.pattern_limits import proposed_pattern, refusal_of
from makeitso.policy.shell_paths import Place

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Place(cwd="/w/tree", root="/w/tree")
PATTERNS = ("git fetch *", "git status", "npm run build", "touch a?.txt", "cp * out")


def allowed(line: str, *patterns: str) -> bool:
    return judge(line, place=PLACE, rules=Rules(allow=patterns or PATTERNS)).answer == "allowed"


PROGRAMS = ("git", "npm", "touch", "cp", "evil", "env", "sudo", "xargs", "find", "sh", "nice")
PIECES = st.sampled_from(
    [
        "git fetch origin", "git status", "npm run build", "touch a1.txt", "cp a out",
        "cp a b out", "git fetch", "git push", "evil", "./git status", "git", "fetch", "status",
        "origin", "evil x", " && ", " || ", "; ", " | ", " & ", "\n", "(", ")", "{ ", "; }", "!",
        "if ", "; then ", "; fi", "for git in evil; do ", "; done", "while ", "case a in a) ",
        ";; esac", "git() { evil; }; ", "function git { evil; }; ", "PATH=$PWD/bad; ",
        "PATH=$PWD/bad ", "export PATH=$PWD/bad; ", "alias git=evil; ", "X=evil; ", "$X",
        "$(evil)", "`evil`", "${X:-evil}", "$(git status)", "<(evil)", "eval ", "exec ",
        "command ", "builtin ", "env ", "sudo ", "nice ", "xargs ", "find . -exec ", " ;", "\\;",
        "sh -c ", "'git status'", "'evil'", '"git status"', "cd bad; ", "cd bad && ",
        "hash -p $PWD/bad/git git; ", "--upload-pack=evil", "--upload-pa=evil", "../x", "*", "?",
        "a*", "{a,b}", "[ab]", "~", "a[", "\\*", "'*'", " ", "  ", "\t", "\\\n", "#", "'", '"',
        "\\", "$", "`", "<<E\n", "\nE\n", "<<<", " 2>&1", " >/dev/null", " <in", "$((1))",
        "$'evil'", "$\"evil\"", "set -- evil; ", "$1", "$@", "time ", "coproc ", "select ",
        "trap evil EXIT; ", ". ./bad/git; ", "read git; ", "let a=1; ", "((a=1)); ",
        "[[ -e evil ]] && ", "= ", "A=b ",
    ]
)  # fmt: skip
FINE = ("git fetch origin", "git fetch", "git status", "npm run build", "cp a out")
BEFORE = (
    "", "PATH=$PWD/bad; ", "PATH=$PWD/bad ", "for PATH in $PWD/bad; do ", "export PATH=$PWD/bad; ",
    "git() { evil; }; ", "npm() (evil); ", "function git { evil; }; ", "alias git=evil; ", "./",
    "hash -p $PWD/bad/git git; ", "cd bad; ", "cd bad && ./", "read PATH < in; ", "true & ", "! ",
    "env PATH=$PWD/bad ", "sudo ", "eval ", "$(echo evil) ", "if ", "while ", "{ ", "(", "time ",
    "declare -x PATH=$PWD/bad; ", "trap evil EXIT; ", "case a in *) ", "coproc ",
    "select x in a; do ", ": ${PATH:=bad}; ", "((PATH=1)); ", "printf -v PATH %s $PWD/bad; ",
    "IFS=i; ", "set -- evil; ",
)  # fmt: skip
AFTER = (
    "", "; evil", " | evil", " && evil", " & evil", "\nevil", "; done", "; fi", "; }", ")",
    " ;; esac", " $(evil)", " `evil`", " <(evil)", " *", " {a,evil}", " > log", " | xargs evil",
    " ; do evil; done", " then evil; fi", "\\", "\\\n x", " #; evil", " 2>&1 evil", " \"$(evil)\"",
    " $'\\x65vil'", " --upload-pack=evil", " <<E\n$(evil)\nE", " <<'E'\nevil\nE\nevil", "'", '"',
    " ${X:-`evil`}",
)  # fmt: skip
LINES = st.one_of(
    st.lists(PIECES, min_size=1, max_size=7).map("".join),
    st.tuples(st.sampled_from(FINE), st.lists(PIECES, max_size=4).map(" ".join)).map("".join),
    st.tuples(*map(st.sampled_from, (BEFORE, FINE, AFTER))).map("".join),
)


class Shell:
    """Runs lines in a real bash, where every program only writes down how it was called."""

    def __init__(self, top: Path) -> None:
        self._log, self._cwd = top / "log", top / "cwd"
        stub = '#!/bin/sh\n{ printf "%s\\0" "${0##*/}" "$@"; printf "\\n"; } >> "$STUB_LOG"\n'
        for folder in (top / "bin", self._cwd, self._cwd / "bad"):
            folder.mkdir(exist_ok=True)
            for name in PROGRAMS:
                text = stub if folder == top / "bin" else stub.replace('"${0##*/}"', "evil")
                (folder / name).write_text(text)
                (folder / name).chmod(0o755)
        for name in ("a", "b", "ab", "in"):
            (self._cwd / name).write_text("evil\n")
        self._env = {"PATH": str(top / "bin"), "STUB_LOG": str(self._log), "HOME": str(top)}

    def calls(self, line: str) -> list[list[str]]:
        self._log.write_text("")
        bash = shutil.which("bash")
        assert bash is not None
        subprocess.run(
            [bash, "-c", line], cwd=self._cwd, env=self._env, check=False, timeout=20,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        rows = self._log.read_text("utf-8", "replace").split("\0\n")
        return [row.split("\0") for row in rows if row]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("shell"))


def has_form(words: list[str], pattern: str) -> bool:
    """The meaning of a pattern, written down anew: what the processes were really told."""
    wanted = pattern.split()
    if wanted[-1] == "*":
        return words[: len(wanted) - 1] == wanted[:-1]
    simple = [w.replace("a?.txt", words[i]) if w == "a?.txt" else w for i, w in enumerate(wanted)] \
        if len(words) == len(wanted) else wanted  # fmt: skip
    return words == [words[i] if w == "*" else w for i, w in enumerate(simple)]


@pytest.mark.timeout(200)
@settings(
    max_examples=1200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(line=LINES)
def test_what_a_real_shell_runs_of_an_allowed_line_has_the_form_of_a_rule(
    shell: Shell, line: str
) -> None:
    if allowed(line):
        for words in shell.calls(line):
            assert any(has_form(words, pattern) for pattern in PATTERNS), (line, words)


def test_the_real_shell_sees_what_is_allowed_and_what_is_not(shell: Shell) -> None:
    assert shell.calls("git fetch origin && npm run build") == [
        ["git", "fetch", "origin"],
        ["npm", "run", "build"],
    ]
    assert shell.calls("PATH=$PWD/bad; git status") == [["evil", "status"]], "the trap works"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["git fetch origin", "git status", "evil x", "git push"]), min_size=1),
    st.sampled_from([" && ", " ; ", " | ", "\n", " || ", " & "]),
)
def test_one_command_that_does_not_match_is_enough(commands: list[str], joint: str) -> None:
    fine = all(command in ("git fetch origin", "git status") for command in commands)
    assert allowed(joint.join(commands)) is fine


@settings(max_examples=200, deadline=None)
@given(LINES)
def test_whatever_is_proposed_may_be_stored_and_answers_the_question(line: str) -> None:
    pattern = proposed_pattern(line)
    if pattern:
        assert not refusal_of(pattern, "allow")
        assert allowed(line, pattern)
