"""`mis/review/*`: the review of changes that no run made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio

from makeitso.errors import UsageError
from makeitso.protocol.methods_foreign import ReviewOpenResult
from makeitso.requests.changes import sent, write_document
from makeitso.wiring.foreign import change_of, review_meanwhile
from makeitso.workspace.git_thread import in_thread

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
    opened = await review_meanwhile(
        at.bridge,
        params.source or "a patch",
        start=at.bridge.root,
        patch=patch,
        record=not params.look,
    )
    found, review = opened.found, opened.review
    if not opened.empty and (not params.look or review.opening is None):
        with anyio.CancelScope(shield=True):  # it is under review: too late to say it is not
            run = at.run(review.run)
            task = run.tasks[review.task]
            new = tuple(sorted(task.fresh))
            change, document = await write_document(at, run, task)
            at.runner.settle()
            return ReviewOpenResult(
                source=found.source,
                title=found.title,
                summary=found.summary,
                run=review.run,
                task=review.task,
                round=review.round,
                new=new,
                change=sent(change, hunks=params.hunks),
                document=at.relative(document),
                uri=document.as_uri(),
            )
    change = await in_thread(partial(change_of, at.bridge, opened))
    return ReviewOpenResult(
        source=found.source,
        title=found.title,
        summary=found.summary,
        run=None,
        task=review.task,
        round=0,
        new=(),
        change=sent(change, hunks=params.hunks),
        document=None,
        uri=None,
    )
