"""What is written for a terminal below the doors, as an editor says it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import makeitso
from makeitso.lsp.wording import for_editor


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("`mis resume r1 --retry T2` goes on", "“Retry” in the plan goes on"),
        ("it ended; `mis resume` goes on", "it ended; “Resume” in the plan goes on"),
        ("`mis approve --list` shows what is open", "the plan shows what is open"),
        ("mis approve --answer keep a3", "the answer keep in the plan"),
        (
            'mis approve --answer "50k tokens" a3, or no answer for as much again',
            'the answer "50k tokens" in the plan, or no answer for as much again',
        ),
        ("`mis review reopen 12ab`", "“Take the mark back” in the review"),
        ("see `mis clean --dry-run`", "see `mis clean --dry-run` in a terminal"),
        ("nothing to change", "nothing to change"),
    ],
)  # fmt: skip
def test_a_command_is_what_the_editor_has_instead(written: str, said: str) -> None:
    assert for_editor(written) == said


def test_no_hint_of_the_rooms_below_is_left_as_a_bare_command() -> None:
    package = Path(makeitso.__file__).parent
    rooms = ("runs", "requests", "journal", "landing", "review", "wiring", "workspace")
    texts = [file.read_text("utf-8") for room in rooms for file in (package / room).rglob("*.py")]
    commands = {found for text in texts for found in re.findall(r"`mis [a-z][^`\n]*`", text)}
    assert len(commands) > 20
    for command in commands:
        said = for_editor(command)
        assert not said.startswith("`mis ") or said.endswith(" in a terminal")
    resumes = {command for command in commands if command.startswith("`mis resume")}
    assert {for_editor(one) for one in resumes} <= {
        "“Resume” in the plan", "“Retry” in the plan", "“Go on now” in the plan",
    }  # fmt: skip
