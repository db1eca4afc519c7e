"""The verb `review` and its actions.

One file an action; `ACTIONS` is the list of them, in the order of the help.
"""

from __future__ import annotations

import importlib

import typer

from makeitso.cli.review.group import review

ACTIONS = (
    "marking",
    "cutting",
    "editing",
    "looking",
    "commenting",
    "fixing",
    "checking",
    "landing",
    "undoing",
    "foreign",
    "show",
)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(add_completion=False)
    group.callback(invoke_without_command=True)(review)
    for name in ACTIONS:
        importlib.import_module(f"makeitso.cli.review.{name}").register(group)
    app.add_typer(group, name="review")
