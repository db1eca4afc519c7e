"""The verb `review` and its actions.

`ACTIONS` is the list of them, in the order of the help. An action's file is loaded when the action
is called: the first hunk is on the screen before anything is loaded that only answers need.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from makeitso.cli import verbs
from makeitso.cli.later import Later
from makeitso.cli.review.group import review

ACTIONS = {
    "accept": "marking",
    "reject": "marking",
    "reopen": "marking",
    "split": "cutting",
    "join": "cutting",
    "unmark": "cutting",
    "edit": "editing",
    "looked": "looking",
    "comment": "commenting",
    "comments": "commenting",
    "withdraw": "commenting",
    "fix": "fixing",
    "check": "checking",
    "land": "landing",
    "undo": "undoing",
    "open": "foreign",
    "show": "show",
}
"""The file of this directory that each action is in."""


class Actions(TyperGroup):
    """The group behind `mis review`."""

    def __init__(self, **attrs: Any) -> None:  # noqa: ANN401 -- typer's own parameters
        super().__init__(**attrs)
        self.commands = Later(tuple(ACTIONS), _load)


def _load(name: str) -> Any:  # noqa: ANN401 -- typer's command type is not public
    return verbs.command_of(f"makeitso.cli.review.{ACTIONS[name]}", name)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(add_completion=False, cls=Actions)
    group.callback(invoke_without_command=True)(review)
    app.add_typer(group, name="review")
