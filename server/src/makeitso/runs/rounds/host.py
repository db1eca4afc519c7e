"""The run's side of a worker session: stores what it puts out, counts, and answers its questions.

Nothing a worker says decides anything here. Its questions become approvals; its text becomes data.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from makeitso.monitor.watch import Watch
from makeitso.parsing.tokens import without_nonce
from makeitso.policy.answers import standing_grant
from makeitso.policy.digest import approval_digest
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask, decided
from makeitso.runs.replaying import noted_reading
from makeitso.runs.rounds.standing import forbidden, pattern_for, ruled
from makeitso.runs.rounds.streams import Stream
from makeitso.workers import port

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.policy.standing_rules import Ruling
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.plan import Delimiters
    from makeitso.protocol.words import ApprovalScope, PhaseName
    from makeitso.runs.context import Context


class Host:
    """One worker session of one task.

    Args:
        ctx: the run.
        task: task id.
        phase: phase the session serves.
        delimiters: base tokens of frames.
        nonce: what makes them this run's.
        nobody: True once nobody is there to answer; then a question ends the turn.
    """

    def __init__(
        self,
        ctx: Context,
        *,
        task: str,
        phase: PhaseName,
        delimiters: Delimiters,
        nonce: str,
        nobody: Callable[[], bool],
    ) -> None:
        self._ctx, self._task = ctx, task
        self._phase: PhaseName = phase
        self._delimiters, self._nonce = delimiters, nonce
        self._library = ctx.ports.library(ctx.run_id)
        """The same for all that the session puts out, whatever becomes of proposals meanwhile."""
        self._reading = noted_reading(ctx, self._library, delimiters)
        self.nobody = nobody
        self._streams: dict[port.Channel, Stream] = {}
        self.watch = Watch(
            ctx.ports.monitor, root=ctx.task(task).worktree or "", denied=self._denied
        )
        self.over_budget = False
        """A ceiling ended the turn."""
        self.unanswered = False
        """A question ended the turn because nobody was there to answer it."""

    async def emit(self, event: port.WorkerEvent, /) -> None:
        """Take one event; returns once it is stored."""
        if not self.watch.saw(event):
            return
        match event:
            case port.Output(channel=channel, data=data):
                self._stream(channel).feed(data)
            case port.Started() as started:
                self._append(
                    ev.WorkerStarted(
                        worker=self._ctx.ports.worker.name,
                        pid=started.pid,
                        start_time=started.start_time,
                        thread=started.thread,
                        program=started.program,
                        library=self._reading.library,
                        reading=self._reading.reading,
                        shadow=self._library.shadow,
                        canary=self._library.canary,
                    )
                )
            case port.CommandEnded() as command:
                self._append(
                    ev.CommandRan(
                        command=self.plain(command.command),
                        exit_code=command.exit_code,
                        duration_ms=command.duration_ms,
                    )
                )
            case port.CommandStarted(command=command):
                self._show("command", f"$ {command}\n")
            case port.FilesTouched(paths=paths):
                # A thread that was taken up names its files by their full path.
                root = f"{self._ctx.task(self._task).worktree or '.'}/"
                self._show("files", "".join(f"~ {path.removeprefix(root)}\n" for path in paths))
            case port.Usage() as usage:
                self._count(usage)
            case port.Notice(text=text, will_retry=will_retry):
                self._ctx.note(
                    self.plain(text), task=self._task, level="info" if will_retry else "warning"
                )
            case port.Message():
                # Its text came as Output on `message`; the next one begins on a line of its own.
                self._stream("message").end_line()

    async def ask(self, request: port.WorkerAsk, /) -> port.WorkerAnswer:
        """Answer a question from what was decided before, or put it to a person."""
        objection = self.watch.objection(request)
        rule = ruled(self._ctx, self._task, request)
        denied = rule is not None and not rule.grant
        objection = forbidden(self._ctx, self._task, request) or objection
        if objection and not denied:
            text = f"refused without asking: `{self.plain(request.subject)}`: {objection}"
            self._ctx.note(text, task=self._task, level="warning", actor="monitor")
            return port.WorkerAnswer(granted=False, text=objection)
        kind: Literal["command", "question"] = (
            "question" if request.kind == "question" else "command"
        )
        base = self._ctx.task(self._task).base
        digest = approval_digest(kind, self._form(request), base_tree=base.tree if base else "")
        run = self._ctx.run
        earlier = standing_grant(
            run.approvals.values(), run.used, kind=kind, digest=digest, task=self._task
        )
        if earlier is None or (denied and earlier.state == "granted"):
            earlier = await self._put(kind, request, digest, rule)
            if earlier is None:
                return port.WorkerAnswer(
                    granted=False, text="a person decides this later", interrupt=True
                )
        if earlier.scope in ("once", "always") or earlier.state == "denied":
            self._append(ev.ApprovalUsed(id=earlier.id))
        if kind == "question":
            return port.WorkerAnswer(
                granted=earlier.state == "granted", text=earlier.answer or earlier.because
            )
        return port.WorkerAnswer(granted=earlier.state == "granted", text=earlier.because)

    def _form(self, request: port.WorkerAsk) -> str:
        """What exactly an answer holds for: where it runs and outside of what are part of it."""
        root, cwd = self._ctx.task(self._task).worktree, request.cwd
        if root and (cwd == root or cwd.startswith(f"{root}/")):
            cwd = f".{cwd.removeprefix(root)}"  # the same for every task
        outside = "outside the sandbox" if request.unsandboxed else "in the sandbox"
        return f"{request.kind} {outside} at {json.dumps(cwd)}: {request.subject}"

    def plain(self, text: str) -> str:
        """Text of the worker without the run's nonce, which stays out of the journal."""
        return without_nonce(text, self._nonce)

    def flush(self) -> tuple[ev.OutputRef, ...]:
        """End of a turn: where its output is kept, durable."""
        refs = [stream.flush() for stream in self._streams.values()]
        return tuple(ref for ref in refs if ref.length_bytes)

    def close(self) -> tuple[ev.OutputRef, ...]:
        """End of the session: where is what came since the last turn, durable."""
        refs = [stream.close() for stream in self._streams.values()]
        self._streams.clear()
        return tuple(ref for ref in refs if ref.length_bytes)

    async def _put(
        self,
        kind: Literal["command", "question"],
        request: port.WorkerAsk,
        digest: str,
        rule: Ruling | None,
    ) -> Approval | None:
        subject = self.plain(request.subject)
        if request.kind == "patch_outside":
            subject = f"write outside the worktree: {subject}"
        pattern = "" if subject != request.subject else pattern_for(self._ctx, self._task, request)
        scopes: tuple[ApprovalScope, ...] = ("once", "task", "run", "always")
        asked = ask(
            self._ctx,
            kind=kind,
            subject=subject,
            detail=self.plain(request.reason),
            digest=digest,
            tasks=(self._task,),
            scopes=scopes[:1] if kind == "question" else scopes if pattern else scopes[:3],
            choices=request.choices,
            unsandboxed=request.unsandboxed,
            pattern=pattern,
            ruling=rule,
        )
        if asked.state == "pending":
            with self.watch.asking():
                asked = await decided(self._ctx, asked.id, unless=self.nobody)
        if asked is None:
            self.unanswered = True
        return asked

    def _denied(self) -> tuple[str, ...]:
        """What a person denied for good is not run unasked either."""
        denying = self._ctx.ports.rules().denying(str(self._ctx.ports.places.root))
        return tuple(rule.pattern for rule in denying)

    def _stream(self, channel: port.Channel) -> Stream:
        if channel not in self._streams:
            self._streams[channel] = Stream(
                self._ctx,
                task=self._task,
                phase=self._phase,
                channel=channel,
                delimiters=self._delimiters,
                nonce=self._nonce,
                library=self._library.library,
            )
        return self._streams[channel]

    def _show(self, channel: str, text: str) -> None:
        self._ctx.door.output(self._task, channel, self._ctx.ports.redactor.text(text))

    def _count(self, usage: port.Usage) -> None:
        task = self._ctx.task(self._task)
        fresh_input = max(0, usage.input_tokens - task.thread_input)
        fresh_output = max(0, usage.output_tokens - task.thread_output)
        if not fresh_input and not fresh_output:
            return
        self._append(
            ev.UsageCounted(
                source="worker",
                input_tokens=fresh_input,
                output_tokens=fresh_output,
                thread_input=usage.input_tokens,
                thread_output=usage.output_tokens,
            )
        )

    def _append(self, data: ev.EventData) -> None:
        self._ctx.append(data, task=self._task, phase=self._phase, actor="worker")
