"""A saved review document: hunks people rewrote are edited, what they wrote below is a comment.

Nothing they wrote is lost: what could not be done is said at the hunk, and the document as they
saved it is kept beside the one that is written anew.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from anyio import to_thread
from lsprotocol import types

from makeitso.errors import MisError
from makeitso.lsp.wording import for_editor
from makeitso.protocol.methods import BY_NAME
from makeitso.protocol.text import Span
from makeitso.requests import dispatch
from makeitso.requests.changes import write_document
from makeitso.review.saved import read_saved
from makeitso.runs.reviewing import present_change
from makeitso.store.outputs import keep

if TYPE_CHECKING:
    from makeitso.lsp.documents import Document
    from makeitso.lsp.review_view import ReviewView
    from makeitso.lsp.server import Server
    from makeitso.requests.place import Workplace
    from makeitso.review.saved import Saved
    from makeitso.review.sections import Remark

log = logging.getLogger(__name__)

GONE = "this hunk is no part of the change any more: open the document anew"


async def take_in(
    server: Server, at: Workplace, document: Document, view: ReviewView, *, before: str
) -> None:
    """Do what saving a review document asks for; what cannot be done becomes a diagnostic.

    Args:
        server: the connection.
        at: the workspace.
        document: the document as saved.
        view: its hunks.
        before: its text as it was opened or saved last.
    """
    run, task = view.state, view.task_state
    if run is None or task is None or task.change is None or document.path is None:
        return
    text, stem = document.text, document.path.name
    change = await to_thread.run_sync(present_change, at.bridge.repo, run.id, task)
    saved = read_saved(text, change, before=before)
    heard = server.views.heard(document, {_key(name, said) for name, said in saved.remarks})
    saved = replace(
        saved, remarks=tuple((n, said) for n, said in saved.remarks if _key(n, said) not in heard)
    )
    failed = dict.fromkeys(saved.gone, GONE)
    failed |= await _carry_out(at, run.id, task.id, saved)
    heard |= {_key(n, said) for n, said in saved.remarks if n not in failed}
    if failed:
        kept = stem.removesuffix(".diff") + ".yours.txt"
        data = text.encode("utf-8", "surrogatepass")
        await to_thread.run_sync(keep, document.path.parent, kept, data)
        server.views.refuse(document, failed)
        why = next(iter(failed.values()))
        server.say(
            f"{len(failed)} of your changes to {stem} could not be taken in: {why}. "
            f"What you saved is kept in {kept}.",
            types.MessageType.Error,
        )
    else:
        server.views.refuse(document, failed)
    if any(name not in failed for name, _ in (*saved.edits, *saved.remarks)):
        await write_document(at, at.run(run.id), at.run(run.id).tasks[task.id])
        server.session.stale()


async def _carry_out(at: Workplace, run: str, task: str, saved: Saved) -> dict[str, str]:
    """Comments first, because an edited hunk has another id; returns why not, by hunk."""
    failed: dict[str, str] = {}
    wanted: list[tuple[str, str, dict[str, object]]] = []
    for hunk, remark in saved.remarks:
        about: dict[str, object] = {"run": run, "task": task, "hunk": hunk, "text": remark.text}
        if remark.after:
            about["lines"] = str(remark.after)
        wanted.append((hunk, "mis/change/comment", about))
    # from the end: an edit does not move the hunks above it
    for hunk, diff in reversed(saved.edits):
        wanted.append((hunk, "mis/hunk/edit", {"hunk": hunk, "diff": diff}))
    for hunk, name, params in wanted:
        method = BY_NAME[name]
        try:
            await dispatch.answer(at, method, dispatch.parse(method, params))
        except MisError as error:
            log.info("saved.refused", extra={"hunk": hunk, "why": error.message})
            hint = f" ({error.hint})" if error.hint else ""
            failed[hunk] = for_editor(f"{error.message}{hint}")
    return failed


def _key(hunk: str, remark: Remark) -> tuple[str, int, str]:
    """What tells one remark from another: the same words may be said of two lines."""
    return hunk, remark.after, remark.text


def refused(view: ReviewView, failed: dict[str, str]) -> list[tuple[Span, str]]:
    """Where it is said what could not be done."""
    top = Span(line=0, column=0, end_line=0, end_column=0)
    places = {hunk.id: hunk.span for file in view.files for hunk in file.hunks}
    return [(places.get(name, top), f"Not taken in: {why}") for name, why in failed.items()]
