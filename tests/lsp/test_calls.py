"""A person is called for a question once, whatever they look at, and only if they want it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from makeitso.lsp import offers


def question(name: str) -> Any:
    return SimpleNamespace(id=name, run="r1", kind="phase", subject=f"enter {name}")


class Desk:
    """A server that keeps what it says, and a workspace with two runs."""

    def __init__(self, *, asks: bool = False, notify: bool = True) -> None:
        self.said: list[str] = []
        self.client = SimpleNamespace(asks=asks)
        self.open: list[Any] = []
        self.elsewhere: list[Any] = [question("a9")]
        self.called: set[str] = set()
        config = SimpleNamespace(ui=SimpleNamespace(notify=notify))
        self.bridge = SimpleNamespace(config=config)

    def say(self, text: str, kind: object) -> None:
        del kind
        self.said.append(text)

    def known_runs(self) -> dict[str, Any]:
        return {
            "r1": SimpleNamespace(pending=self.open),
            "r2": SimpleNamespace(pending=self.elsewhere),
        }

    def look(self, *names: str) -> list[str]:
        """What is said once these questions are open."""
        self.open = [question(name) for name in names]
        before = len(self.said)
        here: Any = self
        offers.call(here, here, frozenset({"r1"}), self.called)
        return self.said[before:]


def test_each_question_is_called_for_once_and_several_together() -> None:
    desk = Desk()
    assert desk.look() == []
    assert desk.look("a1", "a2", "a3") == ["a1 waits for you in r1: phase: enter a1 (and 2 more)"]
    assert desk.look("a2", "a3") == []
    assert desk.look("a2", "a4") == ["a4 waits for you in r1: phase: enter a4"]


@pytest.mark.parametrize("desk", [Desk(asks=True), Desk(notify=False)])
def test_nobody_is_called_who_is_asked_anyway_or_wants_no_calls(desk: Desk) -> None:
    assert desk.look("a1") == []


def still(*, plan: str | None = None, opened: str = "") -> Any:
    """A run that stands still."""
    source = SimpleNamespace(name=opened) if opened else None
    return SimpleNamespace(id="r1", opened=source, plan_path=plan)


def test_what_stands_still_is_told_with_what_can_be_done_about_it() -> None:
    assert offers.way_on(still(plan="a.plan.md")) == "“Resume” in the plan goes on"
    review = offers.way_on(still(opened="speed-1a2b"))
    assert (
        review == ".makeitso/review/r1-speed-1a2b.diff has its hunks: accept or reject them there"
    )
    assert "plan goes on" not in offers.way_on(still())
    assert "`mis resume r1`" in offers.way_on(still())
