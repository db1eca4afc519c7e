"""Reading a command line never fails and never takes long, whatever it is."""

from __future__ import annotations

import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.policy.commands import Rules, judge, normalise
from makeitso.policy.shell_chains import chain
from makeitso.policy.shell_paths import Place
from makeitso.policy.shell_words import Word, tokenise

PLACE = Place(cwd="/w/tree", root="/w/tree", pids=frozenset({1}))
LIMIT_S = 5.0
"""Of the processor. Far above what is measured (0.9 s), far below any quadratic reading."""

PIECES = st.sampled_from(
    [
        *"'\"\\`$(){}[]<>|&;#~!*?= \t\n-/.:",
        "$(", "${", "$((", "<<EOF\n", "EOF\n", "<(", "&&", "||", "2>&1", "$'", "\\x72", "rm", "-rf",
        "git", "push", "sh", "-c", "eval", "find", "-exec", "xargs", "env", "-S", "sudo", "cd",
        "A=", "function ", "for x in", "case", "esac", "python3", "kill", "dd", "of=", "/dev/sda",
        ".git", "ü", "\ud800", "\x00", "\u202e",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=200)))
def test_any_text_is_judged(line: str) -> None:
    verdict = judge(line, place=PLACE, rules=Rules(allow=("ls",), dangerous=("evil",)))
    assert verdict.reason or verdict.answer == "plain"
    assert isinstance(normalise(line), str)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6))
def test_quoted_words_are_read_back(words: list[str]) -> None:
    found = tokenise(shlex.join(words))
    assert [t.literal for t in found.tokens if isinstance(t, Word)] == words
    assert not found.broken


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="ab$`'\"\\ ;|", max_size=12), min_size=1, max_size=4))
def test_a_quoted_line_in_a_shell_is_the_line(words: list[str]) -> None:
    line = " ".join(words)
    inner = [c.words for c in chain(line).commands]
    outer = chain(f"sh -c {shlex.quote(line)}")
    assert [c.words for c in outer.commands[1:]] == inner
    assert normalise(f"sh -c {shlex.quote(line)}") == normalise(line) or not line


SIZE = 100_000
HOSTILE = {
    "open substitutions": "$(" * (SIZE // 2),
    "nested substitutions": "$(" * (SIZE // 3) + ")" * (SIZE // 3),
    "open braces": "${" * (SIZE // 2),
    "nested braces": "${a:-" * (SIZE // 6) + "}" * (SIZE // 6),
    "arithmetic": "$((" * (SIZE // 3),
    "backticks": "`" * SIZE,
    "escaped backticks": "`\\" * (SIZE // 2),
    "double quotes": '"' * SIZE,
    "odd quotes": "\"'" * (SIZE // 2),
    "quoted substitutions": '"$(' * (SIZE // 3),
    "parentheses": "(" * SIZE,
    "backslashes": "\\" * SIZE,
    "here-documents": "<<a " * (SIZE // 4) + "\n",
    "here-documents, ended": "cat <<a\n$(ls)\na\n" * (SIZE // 16),
    "one letter commands": "a;" * (SIZE // 2),
    "pipes": "a|" * (SIZE // 2),
    "wrappers": "sudo " * (SIZE // 5) + "ls",
    "shells": "sh -c " * (SIZE // 6) + "ls",
    "assignments": "A=b " * (SIZE // 4),
    "doubling variables": "a=x$a$a; " * (SIZE // 9),
    "fed": "echo / a b | xargs ls; " * (SIZE // 25),
    "fed through each other": "echo a |" + "xargs cat |" * (SIZE // 11),
    "fed words": "echo " + "a " * (SIZE // 3) + "|" + "cat|" * (SIZE // 12) + "xargs ls",
    "fed groups": "{ echo a;" * (SIZE // 20) + "} | cat;" * (SIZE // 20),
    "fed marks": "echo " + "a " * 400 + "| xargs -I a ls " + "a " * (SIZE // 3),
    "fed shells": "echo a | xargs sh -c 'echo a | xargs ls';" * (SIZE // 42),
    "finds": "find -exec " * (SIZE // 11),
    "evals": "eval " * (SIZE // 5),
    "moves": "cd a;" * (SIZE // 5) + "rm -rf ..",
    "many moves and removals": "cd a;rm -rf ..;" * (SIZE // 15),
    "twice read": "sh -c \"$(sh -c '$(" * (SIZE // 19),
    "functions": "f(){ f|f& };" * (SIZE // 12),
    "one word": "a" * SIZE,
    "long path": "rm -rf " + "../" * (SIZE // 3),
    "options": "rm " + "-r " * (SIZE // 3),
    "hashes": "#" * SIZE,
    "comment in a substitution": "$(#" * (SIZE // 3),
    "ansi": "$'" + "\\x41" * (SIZE // 4) + "'",
    "redirects": ">a " * (SIZE // 3),
    "digits": "1" * SIZE + ">",
    "process substitutions": "<(" * (SIZE // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_bounded(name: str) -> None:
    rules = Rules(allow=("a", "sh *"), deny=("b *",), dangerous=("(a+)+$", "x{1,50}y"))
    start = time.thread_time()
    verdict = judge(HOSTILE[name][:SIZE], place=PLACE, rules=rules)
    assert verdict.answer
    assert time.thread_time() - start < LIMIT_S
