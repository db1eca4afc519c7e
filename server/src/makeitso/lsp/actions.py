"""An action on a place of a document: shown as a code lens and, with the same title, as a twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.lsp.positions import Stretch


TRUST = "trust"
"""What an action answers that agrees to the files of the workspace."""
MISS = "miss:"
"""With the zero-based first line of its group: what an action answers that is about misses."""
PROPOSAL = "proposal:"
"""With an id: what an action answers that decides about a proposal."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something a person can do at a place.

    Attributes:
        title: what the lens and its twin say.
        command: a command of the table, `mis.<resource>.<verb>`.
        params: its params, camelCase.
        span: where the lens stands.
        first: first line on which the twin is offered.
        last: last such line.
        answers: id of the question it answers, or TRUST; it is then a fix of that diagnostic.
    """

    title: str
    command: str
    params: Mapping[str, object]
    span: Stretch
    first: int
    last: int
    answers: str = field(default="")
