"""One client at work in one workspace: what is open, who drives runs, what is shown.

The journal is opened once the client is initialized, and only if there is one. Everything that
lasts runs in the task group of `work`; its end puts runs down and takes back what was published.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import anyio
from lsprotocol import types

from makeitso.errors import MisError, StateError
from makeitso.journal.landings import whole
from makeitso.landing import published
from makeitso.lsp import notices, offers
from makeitso.lsp.editor import ClientEditor
from makeitso.lsp.live_output import LiveOutput
from makeitso.lsp.long_work import LongWork
from makeitso.lsp.progress import RunProgress
from makeitso.lsp.review_writing import ReviewWriting
from makeitso.lsp.runner import Runner
from makeitso.lsp.ticking import tick_in_editor
from makeitso.lsp.wording import for_editor
from makeitso.protocol import events as ev
from makeitso.requests.place import Workplace
from makeitso.wiring import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from anyio.abc import TaskGroup

    from makeitso.journal.state import RunState
    from makeitso.lsp.server import Server
    from makeitso.protocol.events import Event

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often another process's events are looked for while nothing is driven here."""
SETTLE_S = 0.05
"""Pause after a change before views are shown anew, so that a burst of events is one refresh."""


class Session:
    """The session of a connection.

    Args:
        server: the connection.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._at: Workplace | None = None
        self._runner: Runner | None = None
        self._ready = anyio.Event()
        self._wake = anyio.Event()
        self._world_moved = False
        self._group: TaskGroup | None = None
        self._called: set[str] = set()
        """Questions the person was called for."""
        self._published: tuple[published.OpenDocument, ...] | None = None
        self._listening = False
        self._known = 0
        """Events up to here were in the journal before this session."""
        self.progress = RunProgress(server)
        self.long = LongWork(server)
        self._writing = ReviewWriting(server.documents)
        self._live = LiveOutput(lambda text: server.notify("mis/run/output", text))

    @property
    def place(self) -> Workplace | None:
        """The workspace, if it could be opened."""
        with contextlib.suppress(MisError):
            return self.workplace()
        return None

    def workplace(self) -> Workplace:
        """The workspace, opened when first asked for.

        Raises:
            StateError: the client is not initialized, or named no folder.
            MisError: the workspace cannot be opened.
        """
        if self._at is None:
            self._at = self._open()
        if not self._listening and self._at.bridge.has_journal:
            self._listen(self._at)
        return self._at

    def _listen(self, at: Workplace) -> None:
        """Hear of every event from now on, and of those since the journal came to be."""
        self._listening = True
        upto = at.book.seq  # later ones are told when they are folded
        for event in at.book.journal.read(after=self._known):
            if event.seq <= upto:
                self._on_event(event)
        at.book.listen(self._on_event)

    def _open(self) -> Workplace:
        roots = self._server.client.roots
        if not roots:
            raise StateError(
                "the client named no workspace folder", hint="open a folder, not a single file"
            )
        bridge = Bridge(roots[0], client="lsp")
        bridge.editor = ClientEditor(self._server, bridge.root)
        self._known = bridge.book.seq if bridge.has_journal else 0
        self._runner = Runner(bridge, failed=self._failed, changed=self.stale, live=self._live)
        return Workplace(bridge=bridge, runner=self._runner, rewrite=self._writing.due)

    # -- what the server tells ----------------------------------------------------------------

    def ready(self) -> None:
        """The client is initialized."""
        self._ready.set()

    def stale(self) -> None:
        """What is shown may not be so any more."""
        self._world_moved = True
        self._wake.set()
        self._server.studies.wake()

    def touched(self) -> None:
        """A document was opened, changed or closed; its own view is up to date already."""
        self._wake.set()
        self._server.studies.wake()

    def reload(self, path: Path | None) -> None:
        """A file was saved that settings or trust may come from."""
        if path is not None and self._at is not None:
            learning = self._at.bridge.config.learning
            ours = path == self._at.bridge.root / learning.regex_repo
            if ours or path.name in ("config.toml", "AGENTS.md"):
                self._at.bridge.reload()
        self.stale()

    def cancel_progress(self, token: object) -> None:
        """The client cancelled a progress: its request is over, or its run stops for now."""
        if self.long.cancel(token):
            return
        self.progress.cancel(self._group, self._at, token)

    def start(self, work: Callable[..., Coroutine[Any, Any, None]], *args: object) -> None:
        """Do something with the client after what it asked was answered."""
        if self._group is not None:
            self._group.start_soon(work, *args)

    # -- what lasts ---------------------------------------------------------------------------

    async def work(self) -> None:
        """Everything that goes on besides requests, until cancelled."""
        await self._ready.wait()
        if self._server.client.wants_output:
            self._live.watch(None, on=True)
        at = self.place
        if at is None or self._runner is None:
            return
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                group.start_soon(self._runner.work)
                group.start_soon(self._live.work)
                group.start_soon(self._writing.work, at)
                group.start_soon(self._watch, at)
                group.start_soon(self._refresh, at)
                group.start_soon(self._server.studies.work, at)
                group.start_soon(self._server.tools.work, at)
                self.stale()
                offers.offer_resume(self._server, at)
        finally:
            self._group = None
            if self._published:
                with contextlib.suppress(OSError):
                    published.withdraw(at.bridge.root)
            at.bridge.close()

    async def _watch(self, at: Workplace) -> None:
        """Take in what other processes record."""
        while True:
            await anyio.sleep(LOOK_S)
            try:
                await self._server.proposals.look(at)
                if self.workplace().bridge.has_journal:
                    at.book.refresh()
            except MisError as error:
                log.warning("journal.unreadable", extra={"why": error.message})
                await anyio.sleep(30)

    async def _refresh(self, at: Workplace) -> None:
        """Show anew what may have changed, once per burst."""
        while True:
            await self._wake.wait()
            await anyio.sleep(SETTLE_S)
            self._wake = anyio.Event()
            moved, self._world_moved = self._world_moved, False
            with contextlib.suppress(MisError):
                self.workplace()  # a journal may have come to be
            self._writing.look_again()
            self._publish_open(at)
            await self._look_at_files(at)
            if not moved:
                continue
            self._server.show_all()
            if self._runner is not None and self._group is not None:
                offers.call(self._server, at, self._runner.driven, self._called)
                self.progress.follow(self._group, at, self._runner.driven)
                self.long.landings(at, self._runner.settling)

    async def _look_at_files(self, at: Workplace) -> None:
        """Find out which hunks are open in the files that are."""
        views = self._server.views
        real = [d for d in self._server.documents if d.kind == "other"]
        paths = {path for d in real if (path := views.path(d)) is not None}
        if await views.files.refresh(at, paths):
            for document in real:
                views.show(document)

    def _publish_open(self, at: Workplace) -> None:
        """Say to other processes which files of the workspace are open here, and which unsaved."""
        if not at.bridge.dot.path.is_dir():
            return
        root = at.bridge.root
        now = tuple(
            published.OpenDocument(path=document.path.relative_to(root).as_posix(), dirty=dirty)
            for document in self._server.documents
            if document.path is not None and document.path.is_relative_to(root)
            for dirty in (document.dirty,)
        )
        if now == self._published or (self._published is None and not now):
            return
        with contextlib.suppress(OSError):
            published.publish(root, now, editor=self._server.client.name)
            self._published = now

    # -- what the journal tells ---------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if self._at is None or event.run is None:
            return
        run = self._at.known_runs().get(event.run)
        if run is None:
            return
        notices.tell(self._server, self._at, run, event)
        self._server.tools.take(event)
        if self._group is not None:
            if isinstance(event.data, ev.ApprovalAsked) and self._server.client.asks:
                approval = run.approvals.get(event.data.id)
                if approval is not None and approval.state == "pending":
                    self._group.start_soon(offers.ask, self._server, self._at, approval)
            if self._moved_box(run, event):
                self._group.start_soon(self._tick, run, event.task or "")
        self.stale()

    def _moved_box(self, run: RunState, event: Event) -> bool:
        """Whether a task landed, or was taken back, by this process: its box is ours."""
        if not isinstance(event.data, ev.TaskEnded | ev.LandingEnded | ev.LandingUndone):
            return False
        task = run.tasks.get(event.task or "")
        ours = self._runner is not None and (self._runner.owns or self._runner.drives(run.id))
        return ours and task is not None and task.ended == "landed"

    async def _tick(self, run: RunState, task_id: str) -> None:
        if self._at is not None and task_id in run.tasks:
            done = whole(run.tasks[task_id])
            await tick_in_editor(self._at.bridge, run.plan_path, task_id, done=done)

    def _failed(self, run_id: str | None, error: MisError) -> None:
        hint = f" — {error.hint}" if error.hint else ""
        text = for_editor(f"{error.message}{hint}")
        self._server.say(f"{run_id}: {text}" if run_id else text, types.MessageType.Error)
