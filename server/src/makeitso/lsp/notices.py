"""From an event of the journal to what the client is told: our notifications."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.protocol import notifications as note

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.lsp.server import Server
    from makeitso.protocol.events import Event
    from makeitso.requests.place import Workplace

_CHANGES = (
    ev.ChangeProposed,
    ev.HunkMarked,
    ev.HunkSplit,
    ev.LandingEnded,
    ev.LandingUndone,
)


def tell(server: Server, at: Workplace, run: RunState, event: Event) -> None:
    """Tell the client about an event, and about the question, change or note that it is about."""
    server.notify("mis/run/event", note.RunEventNotification(event=event))
    data = event.data
    if isinstance(data, ev.ApprovalAsked | ev.ApprovalDecided | ev.ApprovalVoided):
        approval = run.approvals.get(data.id)
        if approval is not None:
            server.notify(
                "mis/approval/changed", note.ApprovalChangedNotification(approval=approval)
            )
    elif isinstance(data, ev.NoteAdded):
        said = note.NoteNotification(
            run=event.run, task=event.task, text=data.text, level=data.level
        )
        server.notify("mis/note", said)
    elif isinstance(data, _CHANGES) and event.task is not None and event.task in run.tasks:
        document = at.bridge.dot.review / f"{run.id}-{event.task}.diff"
        server.notify(
            "mis/change/changed",
            note.ChangeChangedNotification(
                run=run.id,
                task=event.task,
                hunks=dict(Counter(run.tasks[event.task].hunks.values())),
                document=at.relative(document) if document.exists() else None,
            ),
        )
