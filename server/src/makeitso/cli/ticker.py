"""One line of text for an event, as a person following a run wants it; most events have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.journal.costs import nearest_shown
from makeitso.protocol import events as ev
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from makeitso.protocol.change import Landing
    from makeitso.protocol.events import Event
    from makeitso.protocol.record import Record


@dataclass(frozen=True)
class Line:
    """A line and its colour; a reason stands apart, so that it need not be said again."""

    text: str
    style: str | None = None
    reason: str = ""


_WAIT_ENDS = {
    "elapsed": "the wait is over",
    "succeeded": "the wait is over: its command succeeded",
    "gave_up": "the wait is given up: its command did not succeed in time",
    "refused": "the wait cannot be: its command may not run",
    "skipped": "the wait is over: a person goes on",
}
_LEVELS = {"info": "magenta", "warning": "yellow", "error": "bold red"}
_SPEAKERS = {"monitor": ("monitor: ", "bold yellow"), "manager": ("manager: ", "magenta")}
"""Who says a note, in a word and a colour: nothing is said by colour alone."""


def tell(event: Event) -> Line | None:  # noqa: C901 -- one flat match, a line each
    """What to say of an event; None: nothing."""
    task = f"{event.task}: " if event.task else ""
    match event.data:
        case ev.RunCreated():
            return Line(f"run {event.run}", "bold")
        case ev.RunResumed(manager=manager) if manager is not None:
            model = f":{manager.model}" if manager.kind == "api" else ""
            return Line(f"managed by {manager.kind}{model} from here on", "magenta")
        case ev.PlanMade(path=path):
            return Line(f"plan  {path}", "bold")
        case ev.PhaseStarted():
            return Line(f"{task}{event.phase}", "bold blue")
        case ev.PhaseEnded(state="failed", reason=reason):
            return Line(f"{task}{event.phase} failed", "bold red", reason)
        case ev.WorktreeCreated(path=path):
            return Line(f"{task}works in {path}", "dim")
        case ev.SetupRan(command=command, exit_code=code, reused=reused):
            how = "put there as it was kept" if reused else "passed" if code == 0 else "failed"
            return Line(f"{task}set-up {how}: `{command}`", "dim" if code == 0 else "bold red")
        case ev.WorktreePrepared(copied=copied, copied_bytes=size) if copied:
            much = f"{counted(copied, 'file')} copied in, {counted(size, 'byte')}"
            return Line(f"{task}{much}", "dim")
        case ev.WorkerStarted(program=program):
            return Line(f"{task}{program}", "dim")
        case ev.TurnEnded(status=status, error=error) if status != "completed":
            return Line(f"{task}turn {status}", "yellow", error)
        case ev.CommandRan(command=command, exit_code=code):
            if code is None:
                return Line(f"{task}declined or ended early: {command}", "yellow")
            return Line(f"{task}ran {command}  (exit {code})", "dim" if code == 0 else "yellow")
        case ev.RecordFound(record=record):
            return Line(f"{task}record {_record(record)}", "green")
        case ev.CheckRan() as check:
            colour = "green" if check.passed else "red"
            again = ", as before on the same tree" if check.reused else ""
            word = "timed out" if check.timed_out else colour
            word = "ended early" if check.cut else word
            return Line(f"{task}check on {check.where}: {word}  `{check.command}`{again}", colour)
        case ev.ManagerJudged(verdict=verdict, note=note):
            return Line(f"{task}manager: {verdict}. {note}".rstrip(), "magenta")
        case ev.ChangeProposed(files=0):
            return Line(f"{task}nothing changed so far", "dim")
        case ev.ChangeProposed() as change:
            files = counted(change.files, "file")
            return Line(f"{task}{files}, {counted(len(change.hunks), 'hunk')} proposed", "bold")
        case ev.HunkMarked(hunks=hunks, mark=mark):
            return Line(f"{task}{mark}: {', '.join(hunks)}")
        case ev.LandingEnded() as landing if not landing.error:
            return Line(f"{task}{_landed(landing.landing)}", "green")
        case ev.LandingUndone(error="") as undone if undone.hunks:
            return Line(f"{task}took {undone.landing} back: {', '.join(undone.files)}", "green")
        case ev.ApprovalAsked() as asked:
            return Line(f"{asked.id} asks ({asked.kind}): {asked.subject}", "yellow")
        case ev.ApprovalDecided() as decided:
            word = "granted" if decided.grant else "denied"
            return Line(f"{decided.id} {word} by {decided.who}", "dim")
        case ev.WaitStarted() as wait:
            return Line(f"{task}waits {wait.because}", "bold yellow")
        case ev.WaitEnded() as wait:
            return Line(f"{task}{_WAIT_ENDS[wait.reason]}{_more(wait.because)}", "yellow")
        case ev.NoteAdded(text=text, level=level):
            word, style = _SPEAKERS.get(event.actor, ("", _LEVELS[level]))
            word, style = ("error: ", _LEVELS["error"]) if level == "error" else (word, style)
            return Line(f"{task}{word}{text}", style)
        case ev.TaskTakenUp(how=how):
            return Line(f"{task}taken up again ({how})", "bold yellow")
        case ev.TaskEnded(state=state, reason=reason):
            colour = "bold green" if state == "landed" else "bold red"
            return Line(f"{task}{state}", colour, reason)
        case ev.BudgetNeared(ceiling=ceiling):
            return Line(f"budget of the {nearest_shown(ceiling)} is used", "yellow")
        case ev.RunPaused(state=state, reason=reason, error=error):
            return Line(f"{event.run} {state}", "yellow" if error is None else "bold red", reason)
        case ev.RunFinished(state=state, reason=reason):
            colour = "bold green" if state == "done" else "bold red"
            return Line(f"{event.run} {state}", colour, reason)
        case _:
            return None


def _more(because: str) -> str:
    return f" ({because})" if because else ""


def _landed(landing: Landing) -> str:
    if landing.files:
        return f"landed: {', '.join(landing.files)}"
    if landing.landed:
        return "landed: the workspace had all of it already"
    return f"nothing landed: {counted(len(landing.conflicts), 'hunk')} set aside"


def _record(record: Record) -> str:
    place = f"{record.path}:{record.line}" if record.path and record.line else record.path
    parts = [
        record.event.upper() if record.intent == "frame" and record.event else record.pattern,
        record.phase,
        place,
        record.artifact,
        record.severity,
        record.message,
        str(record.json_) if record.json_ is not None else None,
    ]
    return " ".join(part for part in parts if part)
