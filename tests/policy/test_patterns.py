"""What patterns match, which may be stored, and which are proposed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.policy.commands import Rules, judge
from makeitso.policy.pattern_limits import mismatch, proposed_pattern, refusal_of
from makeitso.policy.patterns import fits
from makeitso.policy.shell_paths import Place

PLACE = Place(cwd="/w/tree", root="/w/tree")
PATTERNS = ("git fetch *", "git status", "npm run build", "touch a?.txt", "cp * out")


def allowed(line: str, *patterns: str) -> bool:
    return judge(line, place=PLACE, rules=Rules(allow=patterns or PATTERNS)).answer == "allowed"


# -- what is not let through ----------------------------------------------------------------------

NOT_ALLOWED = (
    "./git fetch origin", "/tmp/git fetch origin", "bad/git status", "PATH=/tmp; git fetch origin",
    "for PATH in /tmp; do git fetch origin; done", "git() { :; }; git status",
    "if git status; then git status; fi", "sudo git status", "env git status",
    "timeout 5 git status", "xargs git status", "A=b git status", "git status > out",
    "git status < in", "git status <<< x", "git status &> out", "cd x && git status",
    "git fetch $X", "git fetch $(evil)", "git fetch `evil`", "git fetch *", "git fetch a*",
    "git fetch {a,b}", "git fetch ~/x", "git fetch ../x", "git fetch x/../y",
    "git fetch --upload-pack=evil", "git fetch --upload-p evil", "git fetch --exec=evil",
    "./sh -c 'git status'", "bash --rcfile evil -ic 'git status'", "fish -c 'git status'",
    "git status && sh -c 'git status'", "git -C /x status", "git -c a=b status", "eval git status",
    "exec git status", "command git status", "alias git=evil; git status",
    "export A=b; git status", "touch a12.txt", "touch a/.txt x", "cp x y out", "cp ../x out", "",
)  # fmt: skip


@pytest.mark.parametrize("line", NOT_ALLOWED)
def test_what_is_not_exactly_what_was_allowed_is_asked_for(line: str) -> None:
    assert not allowed(line)


@pytest.mark.parametrize(
    "line",
    [
        "git fetch", "git fetch origin main", "/usr/bin/git fetch origin", "git fetch 'a b'",
        "git fetch --all --prune", "git fetch origin 2>&1", "git fetch origin 2>/dev/null",
        "bash -lc 'git fetch origin && git status'", "git fetch; npm run build", "touch a1.txt",
        "git fetch '*'", "git fetch HEAD~1", "cp x out",
    ],
)  # fmt: skip
def test_what_was_allowed_passes(line: str) -> None:
    assert allowed(line)


# -- which patterns may be stored -----------------------------------------------------------------

TOO_WIDE = (
    "", " ", "*", "* status", "g* fetch", "?it status", "sh *", "sh -c *", "bash -c *", "zsh x",
    "fish *", "python *", "python -c *", "python3.12 run.py", "node x.js", "perl -e *", "ruby *",
    "awk *", "npx *", "npx eslint", "uvx *", "env *", "sudo *", "doas ls", "xargs *",
    "timeout 5 *", "nice *", "nohup *", "command *", "ssh host *", "docker run *", "watch *",
    "find *", "eval *", "source x", "git *", "git -c *", "git config *", "git bisect *",
    "git submodule *", "npm *", "npm exec *", "uv run *", "cargo run *", "go run *", "make *",
    "./run.sh *", "bin/tool", "~/bin/tool", "curl *", "wget https://x *", "/usr/bin/sudo *",
    "/bin/sh *", "git fetch \x1b[0m", "a" * 501, "cd *", "mis approve *", "export *",
)  # fmt: skip


@pytest.mark.parametrize("pattern", TOO_WIDE)
def test_a_pattern_that_reaches_too_far_is_refused_with_the_reason(pattern: str) -> None:
    assert refusal_of(pattern, "allow")


@pytest.mark.parametrize("pattern", ["*", "sh *", "npx *", "git push *", "curl *"])
def test_no_denial_reaches_too_far(pattern: str) -> None:
    assert not refusal_of(pattern, "deny")
    assert refusal_of(" ", "deny")


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("git fetch origin main", "git fetch *"),
        ("git fetch", "git fetch"),
        ("/usr/bin/git fetch origin", "git fetch *"),
        ("bash -lc 'git fetch origin'", "git fetch *"),
        ("npm run build", "npm run build"),
        ("npm run build -- --fast", "npm run build *"),
        ("pip install requests", "pip install *"),
        ("touch /outside/a", "touch /outside/a"),
        ("git commit -m 'a b'", "git commit *"),
        ("touch 'a b'", ""),
        ("touch '*'", ""),
        ("git fetch && git status", ""),
        ("sudo git fetch origin", ""),
        ("python x.py", ""),
        ("echo x > /outside/a", ""),
        ("./git fetch origin", ""),
        ("rm -rf /", ""),
        ("", ""),
    ],
)
def test_the_proposed_pattern_is_narrow_and_matches(line: str, pattern: str) -> None:
    assert proposed_pattern(line) == pattern
    assert not pattern or not mismatch(pattern, "allow", line)


def test_a_pattern_must_answer_what_was_asked() -> None:
    assert mismatch("git push *", "allow", "git fetch origin")
    assert mismatch("git fetch *", "allow", "git fetch && evil")
    assert not mismatch("evil", "deny", "git fetch && sudo evil")
    assert mismatch("evil", "deny", "git fetch")


@settings(max_examples=300, deadline=None)
@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_are_what_they_are_everywhere(form: str, text: str) -> None:
    plain = "".join({"*": ".*", "?": "."}.get(char, char) for char in form)
    assert fits(text, form) is (re.fullmatch(plain, text) is not None)


def test_matching_takes_time_in_proportion() -> None:
    assert not fits("a" * 20_000, "*a" * 30 + "b")
