"""What programs say when they could not even run; samples as they put them out."""

from __future__ import annotations

import pytest

from makeitso.protocol.events import CheckRan
from makeitso.runs.cannot_run import missing_program, wants_network, why_not


def ran(tail: str, *, code: int | None = 1, timed_out: bool = False) -> CheckRan:
    return CheckRan(
        command="c",
        where="base",
        tree="t",
        exit_code=code,
        timed_out=timed_out,
        duration_ms=1,
        sandboxed=True,
        tail=tail,
    )


@pytest.mark.parametrize(
    ("tail", "code", "said"),
    [
        ("sh: 1: pytest: not found\n", 127, "pytest: not found"),
        ("bash: line 1: pnpm: command not found", 127, "pnpm: command not found"),
        ("check.sh: 1: ./.venv/bin/x: not found", 127, "./.venv/bin/x: not found"),
        ("", 127, "its program is not there"),
        ("sh: ./tool: Permission denied", 126, "its program cannot be executed"),
        ("ModuleNotFoundError: No module named 'yaml'\n", 1, "No module named 'yaml'"),
        ("/usr/bin/python3: No module named pytest\n", 1, "No module named pytest"),
        ("a: not found\nNo module named 'yaml'\n", 1, "No module named 'yaml'"),
        ("Error: Cannot find module 'express'\nRequire stack:", 1, "Cannot find module 'express'"),
        (
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'vitest' imported from /w/x.mjs",
            1,
            "Cannot find package 'vitest'",
        ),
        (
            "a.go:4:2: no required module provides package github.com/x/y; to add it:\n",
            1,
            "no required module provides package github.com/x/y",
        ),
        (
            "<internal:x>:88:in `require': cannot load such file -- rspec (LoadError)",
            1,
            "cannot load such file -- rspec (LoadError)",
        ),
        ("error[E0463]: can't find crate for `serde`", 101, "can't find crate for `serde`"),
    ],
)
def test_what_is_missing_is_named(tail: str, code: int, said: str) -> None:
    assert why_not(ran(tail, code=code)) == said


@pytest.mark.parametrize(
    "result",
    [
        ran("No module named 'x'", code=0),
        ran("No module named 'x'", code=None, timed_out=True),
        ran("FAILED tests/test_a.py::test_b - assert 1 == 2\n1 failed"),
        ran("AssertionError: page not found\n"),
        ran("grep: poem.txt: No such file or directory\n", code=2),
        ran("", code=1),
        ran("GET /x 404: not found\n"),
    ],
)
def test_red_is_only_red(result: CheckRan) -> None:
    assert why_not(result) == ""


@pytest.mark.parametrize(
    ("tail", "code", "program"),
    [
        ("sh: 1: pytest: not found\n", 127, "pytest"),
        ("bash: line 1: pnpm: command not found", 127, "pnpm"),
        ("check.sh: 1: ./.venv/bin/x: not found", 127, "./.venv/bin/x"),
        ("bash: line 1: ./tool: No such file or directory\n", 127, "./tool"),
        ("bash: check.sh: No such file or directory\n", 127, ""),
        ("", 127, ""),
        ("page: not found\n", 1, ""),
        ("sh: ./tool: Permission denied", 126, ""),
    ],
)
def test_the_program_that_is_missing(tail: str, code: int, program: str) -> None:
    assert missing_program(ran(tail, code=code)) == program


@pytest.mark.parametrize(
    "tail",
    [
        "npm error code EAI_AGAIN\nnpm error errno EAI_AGAIN\n",
        "WARNING: Retrying ... Failed to establish a new connection: [Errno -3]",
        "curl: (6) Could not resolve host: example.org",
        "bash: socket: Operation not permitted\nbash: line 1: /dev/tcp/127.0.0.1/1: Operation not",
        "go: dial tcp: lookup proxy.example.org: no such host",
        "<urlopen error [Errno 1] Operation not permitted>",
    ],
)
def test_who_found_no_network_says_so(tail: str) -> None:
    assert wants_network(tail)


def test_other_failures_do_not_blame_the_network() -> None:
    assert not wants_network("error: could not write file: Operation not permitted")
    assert not wants_network("make: *** [all] Error 2")
