"""`$/progress` of what takes long besides runs: requests of a person, and landings after marks.

One progress a piece of work, begun when it lasts, ended with it. The token is the client's own
where the request brought one (`workDoneToken`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcRequestCancelled

from makeitso.errors import MisError
from makeitso.lsp.landing_now import landing_next, landing_now, now_checked
from makeitso.runs.engine import rules_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from makeitso.lsp.server import Server
    from makeitso.protocol.base import Wire
    from makeitso.protocol.methods import Method
    from makeitso.requests.place import Workplace

    Told = Callable[[], tuple[str, int | None]]
    """What goes on now, in a few words, and how much of it is done, 0 to 100; None: not known."""

log = logging.getLogger(__name__)

SHOWN_AFTER_S = 0.5
"""What is over sooner is not shown: it would only flicker."""


@dataclass(frozen=True)
class _Kind:
    """How a request is shown."""

    title: str
    cancellable: bool = False
    after_s: float = SHOWN_AFTER_S


LONG = {
    "mis/change/check": _Kind("Check what is accepted", cancellable=True, after_s=0),
    "mis/change/fix": _Kind("Send the change back to its worker", cancellable=True),
    "mis/change/land": _Kind("Land what is accepted"),
    "mis/change/undo": _Kind("Take a landing back"),
    "mis/learn/run": _Kind("Learn from runs"),
    "mis/learn/propose": _Kind("Propose a pattern"),
    "mis/proposal/decide": _Kind("Look at the proposal again"),
    "mis/review/open": _Kind("Open the review", cancellable=True),
}
"""Requests that may take long; a landing is one transaction, so it is not cancelled half-way."""


@dataclass(kw_only=True)
class _Shown:
    """A progress, begun or about to."""

    token: str | int
    title: str
    cancellable: bool
    after_s: float
    given: bool = False
    """The client brought the token."""
    begun: bool = False
    over: bool = False
    reporting: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class LongWork:
    """The progresses of one connection, runs aside.

    Args:
        server: the connection.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._cancelling: dict[str | int, anyio.CancelScope] = {}
        self._landing: dict[tuple[str, str], _Shown] = {}
        self._count = 0

    async def request(
        self,
        method: Method,
        params: Wire,
        work: Callable[[], Awaitable[Wire]],
        *,
        token: str | int | None = None,
    ) -> Wire:
        """Carry a request out and show how it goes, as far as the client can.

        Raises:
            JsonRpcRequestCancelled: the person cancelled the progress.
            MisError: what `work` raises.
        """
        kind = LONG.get(method.name)
        if kind is None or (token is None and not self._server.client.progress):
            return await work()
        about = str(getattr(params, "task", None) or getattr(params, "source", None) or "")
        shown = _Shown(
            token=token if token is not None else self._new_token(method.name),
            title=f"{kind.title}: {about}" if about else kind.title,
            cancellable=kind.cancellable,
            after_s=kind.after_s,
            given=token is not None,
        )
        told = self._told(method, params)
        with anyio.CancelScope() as scope:
            if kind.cancellable:
                self._cancelling[shown.token] = scope
            self._server.session.start(self._report, shown, told)
            try:
                return await work()
            finally:
                self._cancelling.pop(shown.token, None)
                self._end(shown)
        raise JsonRpcRequestCancelled

    def cancel(self, token: object) -> bool:
        """The client cancelled a progress; whether it was one of these."""
        scope = self._cancelling.get(token) if isinstance(token, str | int) else None
        if scope is not None:
            scope.cancel()
        return scope is not None

    def landings(self, at: Workplace, settling: Collection[str]) -> None:
        """Show what lands, and is checked after it, in runs that nobody drives."""
        if not self._server.client.progress:
            return
        runs = at.known_runs()
        rules = rules_of(at.bridge.config)
        begins = {(n, task) for n in settling if n in runs for task in landing_next(runs[n], rules)}
        now = begins | {
            (name, task.id)
            for name in settling
            if name in runs
            for task in runs[name].tasks.values()
            if landing_now(task)
        }
        for key in list(self._landing):
            if key not in now:
                self._end(self._landing.pop(key))
        for run, task in now - set(self._landing):
            shown = _Shown(
                token=self._new_token(f"landing/{run}/{task}"),
                title=f"Land what is accepted: {task}",
                cancellable=False,
                after_s=SHOWN_AFTER_S,
            )
            self._landing[run, task] = shown
            self._server.session.start(self._report, shown, _of_task(at, run, task, "landed"))

    def _told(self, method: Method, params: Wire) -> Told:
        at = self._server.session.place
        run, task = getattr(params, "run", None), getattr(params, "task", None)
        if at is None or run is None or task is None or method.name != "mis/change/check":
            return lambda: ("", None)
        return _of_task(at, str(run), str(task), "accepted")

    def _new_token(self, name: str) -> str:
        self._count += 1
        return f"makeitso/{name}/{self._count}"

    async def _report(self, shown: _Shown, told: Told) -> None:
        """Begin the progress if it is still wanted by then, and say what changes."""
        with shown.reporting:
            await anyio.sleep(shown.after_s)
            if not shown.given and not await self._agreed(shown.token):
                return
            said, share = told()
            shown.begun = True
            begin = types.WorkDoneProgressBegin(
                title=shown.title,
                cancellable=shown.cancellable,
                message=said or None,
                percentage=share,
            )
            self._send(shown.token, begin)
            at = self._server.session.place
            while at is not None and at.bridge.has_journal:
                await at.book.changed()
                if (now := told()) != (said, share):
                    said, share = now
                    report = types.WorkDoneProgressReport(message=said, percentage=share)
                    self._send(shown.token, report)

    async def _agreed(self, token: str | int) -> bool:
        params = types.WorkDoneProgressCreateParams(token=token)
        try:
            await self._server.protocol.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        except JsonRpcException as error:
            log.info("progress.refused", extra={"why": str(error)})
            return False
        return True

    def _end(self, shown: _Shown) -> None:
        shown.reporting.cancel()
        if shown.begun and not shown.over:
            self._send(shown.token, types.WorkDoneProgressEnd())
        shown.over = True

    def _send(
        self,
        token: str | int,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        self._server.notify(types.PROGRESS, types.ProgressParams(token=token, value=value))


def _of_task(at: Workplace, run: str, task: str, where: str) -> Told:
    """How far the checks of a task are, counted from now."""

    def done() -> int:
        try:
            found = at.known_runs()[run].tasks[task]
        except (KeyError, MisError):
            return 0
        return sum(1 for check in found.checks if check.where == where)

    before = done()

    def told() -> tuple[str, int | None]:
        state = at.known_runs().get(run)
        found = state.tasks.get(task) if state is not None else None
        begins = found is not None and where == "landed" and found.landing is None
        if found is not None and begins and "accepted" in found.hunks.values():
            return "", None  # what it writes is being worked out
        return now_checked(found, done() - before) if found is not None else ("", None)

    return told
