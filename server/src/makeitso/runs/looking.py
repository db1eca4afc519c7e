"""What a person has looked at, so that the next look can show what is new since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.review.hunks import parent_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.runs.book import Book


def record_look(book: Book, run_id: str, task_id: str, hunks: Iterable[str]) -> tuple[str, ...]:
    """Record that hunks were seen; a part stands for its hunk, and no hunk is recorded twice.

    Returns:
        The hunks that had not been seen.

    Raises:
        NotFoundError: there is no such run.
    """
    book.refresh()
    task = book.run(run_id).tasks[task_id]
    known = {parent_id(name) for name in task.hunks}
    seen = dict.fromkeys(parent_id(name) for name in hunks)
    fresh = tuple(name for name in seen if name in known and name not in task.looked)
    if fresh and not book.journal.opens(run_id):  # a look alone records nothing of elsewhere
        book.journal.append(ev.ReviewLooked(hunks=fresh), actor="person", run=run_id, task=task_id)
    return fresh
