"""At the terminal: `a` answers a command for always, `d` denies it for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.cli.console import Console
from makeitso.cli.questions import ask_person
from makeitso.protocol import events as ev
from makeitso.workspace.paths import user_dirs
from makeitso.workspace.rule_file import read_rules
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Typing(Console):
    """A terminal at which the given lines are typed; keeps what is shown."""

    lines: list[str] = field(default_factory=list[str])
    shown: list[str] = field(default_factory=list[str])

    def read(self, prompt: str) -> str | None:
        self.shown.append(prompt)
        return self.lines.pop(0) if self.lines else None

    def note(self, text: str, *, style: str | None = None) -> None:
        del style
        self.shown.append(text)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = place(tmp_path, monkeypatch, plan=plan_of("T1"))
    for number, pattern in enumerate(("git fetch *", ""), start=1):
        found.ctx.append(
            ev.ApprovalAsked(
                id=f"a{number}", kind="command", tasks=("T1",), subject="git fetch origin",
                digest=f"d{number}", pattern=pattern,
                scopes=("once", "task", "run", *(("always",) if pattern else ())),
            )
        )  # fmt: skip
    return found


def typed(there: Place, approval: str, *lines: str) -> tuple[bool, str]:
    console = Typing(lines=list(lines))
    left = ask_person(there.bridge, console, there.ctx.run.approvals[approval])
    there.ctx.book.refresh()
    return left, "\n".join(console.shown)


def rules() -> list[tuple[str, str, str]]:
    file = read_rules(user_dirs().rules_file)
    return [(rule.decision, rule.pattern, rule.note) for rule, _ in file.rules]


def test_a_line_alone_takes_what_is_proposed(there: Place) -> None:
    answered, shown = typed(there, "a1", "a", "")
    assert answered
    assert "a always for `git fetch *`" in shown
    assert there.ctx.run.approvals["a1"].state == "granted"
    assert rules() == [("allow", "git fetch *", "")]


def test_another_pattern_may_be_typed(there: Place) -> None:
    typed(there, "a1", "a", "git fetch origin")
    assert rules() == [("allow", "git fetch origin", "")]


def test_a_pattern_that_does_not_do_is_said_and_the_question_stands(there: Place) -> None:
    answered, shown = typed(there, "a1", "a", "git *")
    assert answered, "it is put again"
    assert "does not say what `git` is to do" in shown
    assert there.ctx.run.approvals["a1"].state == "pending"
    assert rules() == []


def test_a_denial_for_good_takes_a_reason(there: Place) -> None:
    typed(there, "a2", "d", "git fetch *", "no network")
    assert there.ctx.run.approvals["a2"].state == "denied"
    assert rules() == [("deny", "git fetch *", "no network")]


def test_where_no_pattern_is_possible_always_is_not_offered(there: Place) -> None:
    answered, shown = typed(there, "a2", "a", "l")
    assert not answered
    assert "always" not in shown
    assert there.ctx.run.approvals["a2"].state == "pending"
