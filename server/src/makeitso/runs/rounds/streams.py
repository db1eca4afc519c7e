"""One channel of a worker: redacted, kept, parsed, shown. In that order, and never merged."""

from __future__ import annotations

import codecs
from dataclasses import replace
from typing import TYPE_CHECKING

from makeitso.parsing.locations import localise
from makeitso.parsing.stream import LineCounts, StreamParser, TrialCounts
from makeitso.parsing.tokens import without_nonce
from makeitso.policy.redact_records import redact_item
from makeitso.protocol import events as ev
from makeitso.protocol.record import Miss, Record
from makeitso.store.outputs import OutputFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.parsing.library import Library
    from makeitso.protocol.plan import Delimiters
    from makeitso.protocol.words import PhaseName
    from makeitso.runs.context import Context
    from makeitso.workers.port import Channel

MAX_FOUND = 400
"""Records and misses journalled per channel and session; the rest stays in the output file."""


class Stream:
    """One channel of one worker session."""

    _channel: Channel

    def __init__(
        self,
        ctx: Context,
        *,
        task: str,
        phase: PhaseName,
        channel: Channel,
        delimiters: Delimiters,
        nonce: str | None,
        library: Library,
    ) -> None:
        self._ctx, self._task, self._channel, self._nonce = ctx, task, channel, nonce
        self._phase: PhaseName = phase
        self._redaction = ctx.ports.redactor.stream()
        self._file = OutputFile(
            ctx.ports.places.artifacts, f"{ctx.folder(task)}/output/{channel}.log"
        )
        self._parser = (
            StreamParser(
                channel,
                library,
                delimiters=delimiters,
                nonce=nonce,
                phases=ctx.ports.dictionary.phase_words(),
            )
            if channel in ("message", "stdout", "stderr")
            else None
        )
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        root = ctx.task(task).worktree
        self._roots = (root,) if root else ()
        self._found = 0
        self._counted = LineCounts()
        self._tried: dict[str, TrialCounts] = {}
        self._unlisted = {"records": 0, "misses": 0}
        self._inside_line = False
        self._shown = channel in ("message", "stdout", "stderr")

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        if data:
            self._inside_line = not data.endswith(b"\n")
        self._take(self._redaction.feed(data))

    def end_line(self) -> None:
        """Let what follows begin on a new line, unless it does already."""
        if self._inside_line:
            self.feed(b"\n")

    def flush(self) -> ev.OutputRef:
        """End of a turn: nothing is held back any more, and what came is durable."""
        self._take(self._redaction.close())
        self._redaction = self._ctx.ports.redactor.stream()
        self._count()
        return self._file.mark()

    def close(self) -> ev.OutputRef:
        """The session is over; returns what came since the last turn."""
        ref = self.flush()
        if self._parser is not None:
            self._record(self._parser.close())
            self._count()
        self._file.close()
        return ref

    def _take(self, clean: bytes) -> None:
        if not clean:
            return
        self._file.write(clean)
        if self._shown:
            self._ctx.door.output(self._task, self._channel, self._decoder.decode(clean))
        if self._parser is not None:
            self._record(self._parser.feed(clean))

    def _record(self, found: Iterable[Record | Miss]) -> None:
        for raw in found:
            self._found += 1
            if self._found == MAX_FOUND + 1:
                if self._parser is not None:
                    self._parser.brief = True
                self._ctx.note(
                    f"more than {MAX_FOUND} records on {self._channel}; "
                    "the rest is in the output file only",
                    task=self._task,
                )
            if self._found > MAX_FOUND:
                self._unlisted["records" if isinstance(raw, Record) else "misses"] += 1
                continue
            item = self._cleared(raw)
            self._ctx.append(
                ev.RecordFound(record=localise(item, roots=self._roots))
                if isinstance(item, Record)
                else ev.MissFound(miss=item),
                task=self._task,
                phase=self._phase,
                actor="worker",
            )

    def _cleared(self, raw: Record | Miss) -> Record | Miss:
        """What may be recorded: values that colours or wraps had broken up are whole again now."""
        item = redact_item(raw, redactor=self._ctx.ports.redactor)
        if self._nonce and self._nonce in (text := item.model_dump_json()):
            item = type(item).model_validate_json(without_nonce(text, self._nonce))
        return item

    def _count(self) -> None:
        """Record how much was explained since the last time, when anything was read."""
        if self._parser is None:
            return
        now, before = self._parser.lines, self._counted
        trials = self._trials(self._parser)
        self._unlisted["misses"] += self._parser.skimmed
        self._parser.skimmed = 0
        if now.lines == before.lines and not any(self._unlisted.values()):
            return
        self._ctx.append(
            ev.OutputParsed(
                channel=self._channel,
                lines=now.lines - before.lines,
                explained_lines=now.explained_lines - before.explained_lines,
                size_bytes=now.size_bytes - before.size_bytes,
                explained_bytes=now.explained_bytes - before.explained_bytes,
                unlisted_records=self._unlisted["records"],
                unlisted_misses=self._unlisted["misses"],
                trials=trials,
            ),
            task=self._task,
            phase=self._phase,
            actor="engine",
        )
        self._counted = replace(now)
        self._unlisted = {"records": 0, "misses": 0}

    def _trials(self, parser: StreamParser) -> tuple[ev.TrialHits, ...]:
        """What patterns in the shadow matched since the last time."""
        found: list[ev.TrialHits] = []
        for proposal, now in sorted(parser.trials.items()):
            before = self._tried.get(proposal, TrialCounts())
            if now.lines > before.lines:
                explained = now.explained_lines - before.explained_lines
                hits = ev.TrialHits(
                    proposal=proposal, lines=now.lines - before.lines, explained_lines=explained
                )
                found.append(hits)
            self._tried[proposal] = replace(now)
        return tuple(found)
