"""Lines at prompts, however they come: at once, in pieces, ahead of the prompt, on a terminal."""

from __future__ import annotations

import os
import pty
import tty
from typing import TYPE_CHECKING

import pytest

from makeitso.cli.console import Console
from makeitso.cli.typed import TypedLines, typed_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[bytes], None]


class Silence(Exception):  # noqa: N818 -- what a prompt that waits is left with
    pass


def give_up() -> None:
    raise Silence


@pytest.fixture(params=["pipe", "terminal", "raw terminal"])
def write(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Types on stdin."""
    there, here = os.pipe() if request.param == "pipe" else reversed(pty.openpty())
    if request.param == "raw terminal":
        tty.setraw(there)
    stdin = os.fdopen(there, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", stdin)
    yield lambda data: (os.write(here, data), None)[1]
    stdin.close()
    os.close(here)


def test_lines_that_came_at_once_are_read_one_by_one(write: Write) -> None:
    write(b"one\ntwo\n\nthree\n")
    assert [typed_line(give_up) for _ in range(4)] == ["one", "two", "", "three"]
    with pytest.raises(Silence):
        typed_line(give_up)


def test_prompts_of_every_console_share_what_was_typed(write: Write) -> None:
    write("über\ny\nlast\n".encode())
    assert Console().read("? ") == "über"
    assert Console().confirm("sure?")
    assert Console().read("? ") == "last"


def test_what_was_typed_at_a_prompt_that_fell_away_is_for_the_next_one(write: Write) -> None:
    write("größ".encode()[:4])
    with pytest.raises(Silence):
        typed_line(give_up)
    write("größe\n".encode()[4:])
    assert typed_line(give_up) == "größe"


def test_the_end_of_input_is_said_once_what_came_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, here = os.pipe()
    os.write(here, b"one\r\ntw\xffo")
    os.close(here)
    with os.fdopen(there, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        lines = TypedLines(stdin)
        assert [lines.next(give_up) for _ in range(4)] == ["one", "tw\ufffdo", None, None]


def test_a_terminal_that_is_gone_is_the_end_of_input() -> None:
    here, there = pty.openpty()
    with os.fdopen(there, encoding="utf-8") as stdin:
        os.close(here)
        assert TypedLines(stdin).next(give_up) is None
