"""`$/progress` of runs driven here, with cancel: cancelling stops the run, which can be resumed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from makeitso.errors import MisError
from makeitso.journal.view import only_timers
from makeitso.protocol.methods_run import RunStopParams
from makeitso.requests import runs

if TYPE_CHECKING:
    from collections.abc import Collection

    from anyio.abc import TaskGroup

    from makeitso.lsp.server import Server
    from makeitso.protocol.run import RunView, TaskView
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)


class RunProgress:
    """One progress per drive of a run."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tokens: dict[str, str] = {}
        """Token by run."""
        self._begun: dict[str, str] = {}
        """Last message by token, once the client agreed to it."""
        self._count = 0

    def follow(self, group: TaskGroup, at: Workplace, driven: Collection[str]) -> None:
        """Begin, report and end, so that it fits the runs driven now."""
        if not self._server.client.progress:
            return
        for run_id in driven:
            if run_id not in self._tokens:
                self._count += 1
                token = self._tokens[run_id] = f"makeitso/{run_id}/{self._count}"
                group.start_soon(self._begin, at, run_id, token)
        for run_id, token in list(self._tokens.items()):
            run = at.known_runs().get(run_id)
            if run_id not in driven:
                del self._tokens[run_id]
                if self._begun.pop(token, None) is not None:
                    state = at.view(run).state if run is not None else "gone"
                    self._send(token, types.WorkDoneProgressEnd(message=state))
            elif run is not None and token in self._begun:
                self._report(token, at.view(run))

    def cancel(self, group: TaskGroup | None, at: Workplace | None, token: object) -> None:
        """The client cancelled a progress: stop its run."""
        for run_id, known in self._tokens.items():
            if known == token and group is not None and at is not None:
                group.start_soon(self._stop, at, run_id)

    async def _stop(self, at: Workplace, run_id: str) -> None:
        try:
            await runs.stop(at, RunStopParams(run=run_id, reason="cancelled in the editor"))
        except MisError as error:
            log.info("stop.refused", extra={"run": run_id, "why": error.message})

    async def _begin(self, at: Workplace, run_id: str, token: str) -> None:
        params = types.WorkDoneProgressCreateParams(token=token)
        try:
            await self._server.protocol.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        except JsonRpcException as error:
            log.info("progress.refused", extra={"why": str(error)})
            return
        if self._tokens.get(run_id) != token:
            return
        view = at.view(at.book.run(run_id))
        begin = types.WorkDoneProgressBegin(
            title=f"{view.id}: {view.goal.splitlines()[0][:60]}",
            cancellable=True,
            message=message_of(view),
            percentage=percentage_of(view),
        )
        self._begun[token] = message_of(view)
        self._send(token, begin)

    def _report(self, token: str, view: RunView) -> None:
        message = message_of(view)
        if self._begun[token] == message:
            return
        self._begun[token] = message
        self._send(
            token,
            types.WorkDoneProgressReport(message=message, percentage=percentage_of(view)),
        )

    def _send(
        self,
        token: str,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        self._server.notify(types.PROGRESS, types.ProgressParams(token=token, value=value))


def message_of(view: RunView) -> str:
    """What goes on now, in a few words."""
    if view.state == "waiting" and not only_timers(view):
        return view.reason[:120]
    if not view.tasks:
        return "making a plan"
    busy = [
        f"{task.id} {_now(task)}"
        for task in view.tasks
        if task.state in ("running", "waiting", "reviewing")
    ]
    return ", ".join(busy) or view.state


def _now(task: TaskView) -> str:
    if task.wait is not None:
        return f"waits {task.wait.because}"[:80]
    return next((phase.name for phase in task.phases if phase.state == "running"), task.state)


def percentage_of(view: RunView) -> int:
    """Share of phases that are done, 0 to 100."""
    phases = [phase for task in view.tasks for phase in task.phases]
    done = sum(1 for phase in phases if phase.state in ("passed", "skipped"))
    return done * 100 // len(phases) if phases else 0
