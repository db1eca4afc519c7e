"""`mis/review/*`: the review of changes that no run made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import UsageError
from makeitso.protocol.methods_foreign import ReviewOpenResult
from makeitso.requests.changes import write_document
from makeitso.wiring.foreign import change_of, review_of

if TYPE_CHECKING:
    from makeitso.protocol.methods_foreign import ReviewOpenParams
    from makeitso.requests.place import Workplace


async def open_(at: Workplace, params: ReviewOpenParams) -> ReviewOpenResult:
    """Review what a source would change here; opened again after it moved: its next round.

    Raises:
        NotFoundError: it names nothing.
        UsageError: it cannot be reviewed, or both a name and a patch were given, or neither.
    """
    if bool(params.source) == bool(params.patch):
        raise UsageError("name a source, or give a patch", hint="either `from` or `patch`")
    patch = params.patch.encode("utf-8", "surrogatepass") if params.patch else None
    opened = review_of(
        at.bridge,
        params.source or "a patch",
        start=at.bridge.root,
        patch=patch,
        record=None if params.look else True,
    )
    found, review = opened.found, opened.review
    kept = not opened.empty and (not params.look or review.opening is None)
    document = None
    new: tuple[str, ...] = ()
    if kept:
        run = at.run(review.run)
        task = run.tasks[review.task]
        new = tuple(sorted(task.fresh))
        change, document = await write_document(at, run, task)
        at.runner.settle()
    else:
        change = await to_thread.run_sync(change_of, at.bridge, opened)
    return ReviewOpenResult(
        source=found.source,
        title=found.title,
        summary=found.summary,
        run=review.run if kept else None,
        task=review.task,
        round=review.round if kept else 0,
        new=new,
        change=change,
        document=at.relative(document) if document is not None else None,
        uri=document.as_uri() if document is not None else None,
    )
