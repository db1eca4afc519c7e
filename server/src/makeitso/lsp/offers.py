"""What the server says of itself: an offer to resume, and questions for clients that want them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from makeitso.errors import MisError
from makeitso.journal.view import only_timers
from makeitso.lsp.answers import said
from makeitso.protocol.approval import Decision
from makeitso.requests import approvals

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.lsp.server import Server
    from makeitso.protocol.approval import Approval
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)


def offer_resume(server: Server, at: Workplace) -> None:
    """Say once that runs stand still here; nothing is started, because that could spend."""
    try:
        runs = at.runs()
        views = [at.view(run) for run in runs.values() if run.finished is None]
    except MisError as error:
        server.say(said(error), types.MessageType.Warning)
        return
    still = [
        view for view in views if view.state in ("stopped", "waiting") and not only_timers(view)
    ]
    if not still:
        return
    names = ", ".join(view.id for view in still[:3]) + (" …" if len(still) > 3 else "")
    plural = "runs stand" if len(still) > 1 else "run stands"
    ways = dict.fromkeys(way_on(runs[view.id]) for view in still)
    server.say(
        f"{len(still)} {plural} still here ({names}); {'; '.join(ways)}.", types.MessageType.Info
    )


def way_on(run: RunState) -> str:
    """What a person in an editor can do about a run that stands still."""
    if run.opened is not None:
        place = f".makeitso/review/{run.id}-{run.opened.name}.diff"
        return f"{place} has its hunks: accept or reject them there"
    if run.plan_path is None:
        return f"{run.id} has no plan yet: `mis resume {run.id}` in a terminal goes on"
    return "“Resume” in the plan goes on"


def call(server: Server, at: Workplace, driven: frozenset[str], called: set[str]) -> None:
    """Call the person, once for each question of a run driven here: they may look elsewhere.

    Clients that want questions as messages with buttons get those instead.

    Args:
        server: the connection.
        at: the workspace.
        driven: the runs that this process drives; who drives others calls for them.
        called: ids of the questions they were called for; grows.
    """
    pending = [a for id_, run in at.known_runs().items() if id_ in driven for a in run.pending]
    fresh = [approval for approval in pending if approval.id not in called]
    called.update(approval.id for approval in fresh)
    if not fresh or server.client.asks or not at.bridge.config.ui.notify:
        return
    first, more = fresh[0], len(fresh) - 1
    rest = f" (and {more} more)" if more else ""
    server.say(
        f"{first.id} waits for you in {first.run}: {first.kind}: {first.subject}{rest}",
        types.MessageType.Info,
    )


async def ask(server: Server, at: Workplace, approval: Approval) -> None:
    """Put a question as a message with buttons; closing it leaves the question open."""
    known = at.known_runs().get(approval.run or "")
    if known is not None and known.approvals[approval.id].state != "pending":
        return  # a flag or a stored rule answered it at once
    answers = {
        choice: Decision(id=approval.id, grant=True, answer=choice, digest=approval.digest)
        for choice in approval.choices
    }
    if approval.kind != "question":
        answers["Approve"] = Decision(
            id=approval.id, grant=True, digest=approval.digest, scope=approval.scopes[0]
        )
    if "always" in approval.scopes:
        answers[f"Always for `{approval.pattern}`"] = Decision(
            id=approval.id,
            grant=True,
            digest=approval.digest,
            scope="always",
            pattern=approval.pattern,
        )
    answers["Deny"] = Decision(id=approval.id, grant=False, digest=approval.digest)
    detail = f"\n{approval.detail}" if approval.detail else ""
    params = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=f"{approval.kind}: {approval.subject}{detail}",
        actions=[types.MessageActionItem(title=title) for title in answers],
    )
    try:
        chosen = await server.protocol.ask(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        if chosen is not None and chosen.title in answers:
            await approvals.decide(at, answers[chosen.title])
    except (JsonRpcException, MisError) as error:
        # Answered elsewhere meanwhile, or the client cannot ask: the question stands as it is.
        log.info("question.unanswered", extra={"id": approval.id, "why": str(error)})
