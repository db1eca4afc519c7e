"""Which terminal is told of a notification how, and that a text cannot say more than text."""

from __future__ import annotations

import pytest

from makeitso.cli.notify import sequence


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"TERM": "xterm", "TERM_PROGRAM": "WezTerm"}, "\x1b]9;makeitso: plan: go\x07"),
        ({"TERM": "xterm-kitty"}, "\x1b]9;makeitso: plan: go\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;makeitso;plan: go\x07"),
        ({"TERM": "xterm", "VTE_VERSION": "7600"}, "\x1b]777;notify;makeitso;plan: go\x07"),
        (
            {"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/x"},
            "\x1bPtmux;\x1b\x1b]9;makeitso: plan: go\x07\x1b\\",
        ),
        ({"TERM": "linux"}, ""),
        ({"TERM": "dumb"}, ""),
        ({}, ""),
    ],
)
def test_each_terminal_is_told_in_its_way(env: dict[str, str], told: str) -> None:
    assert sequence("plan: go", env) == told


def test_text_of_others_is_text() -> None:
    told = sequence("a\x1b]0;title\x07b\nc;d" + "x" * 500, {"TERM": "foot"})
    inside = told.removeprefix("\x1b]777;notify;makeitso;").removesuffix("\x07")
    assert "\x1b" not in inside
    assert "\x07" not in inside
    assert ";" not in inside
    assert "\n" not in inside
    assert len(inside) <= 160
