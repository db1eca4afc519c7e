"""Exactly some hunks of a change, as a tree: the base with them and with nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.landing.onto_tree import lay
from makeitso.review import marks

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.protocol.change import Change
    from makeitso.protocol.words import HunkState
    from makeitso.workspace.git import Repository


def tree_with(repo: Repository, change: Change, hunks: Collection[str]) -> str:
    """The base of a change with these of its hunks, whatever has landed of it meanwhile.

    Raises:
        StateError: they do not make a tree.
        EnvironmentFault: git failed.
    """
    undecided: dict[str, HunkState] = {
        hunk.id: "pending" for hunk in marks.all_hunks(change) if hunk.state != "refused"
    }
    laid = lay(repo, change.base_tree, marks.with_states(change, undecided), frozenset(hunks))
    if laid.conflicts:
        one = laid.conflicts[0]
        raise StateError(
            f"{one.path} cannot be made of a part of its hunks: {one.reason}",
            hint="mark all hunks of that file alike",
        )
    return laid.tree
