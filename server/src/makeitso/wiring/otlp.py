"""Spans and measures → a collector that speaks OTLP over HTTP, from a thread of its own.

This module loads OpenTelemetry: import it only where telemetry is sent. Names, headers and
certificates of a collector come from the environment, as its own documentation says
(`OTEL_EXPORTER_OTLP_HEADERS` and the like); what is sent and where is decided here.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
import uuid
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from makeitso import __version__
from makeitso.journal.span import Measured, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXPORT_S = 3.0
"""Longest time for one request, its repeats included."""
FLUSH_S = 4.0
"""Longest time the end of a run waits for what is not sent yet."""
EVERY_S = 1.0
"""Spans are gathered so long."""
METRICS_EVERY_S = 15.0
MOST_WAITING = 4096
"""Journal events whose spans may wait; more are left out, and said to be."""
_BATCH = 256
_TOKENS = tuple(4.0**power for power in range(14))
_SECONDS = tuple(0.01 * 2**power for power in range(14))
"""Bounds of the histograms, as the GenAI conventions have them."""
_NANO = 1_000_000

Made = tuple[Span | Measured, ...]


class Sender:
    """Sends what it is given, in order; never blocks who gives, never raises.

    Args:
        endpoint: the collector; `/v1/traces` and `/v1/metrics` are added.
        sent: told the newest journal event that everything arrived of; called in the thread.
    """

    def __init__(self, endpoint: str, *, sent: Callable[[int], None]) -> None:
        for name in ("opentelemetry", "urllib3"):
            _silenced(name)
        self._place = endpoint.rstrip("/")
        self._sent = sent
        self._waiting: queue.Queue[Made] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._whole = True
        self.failure = ""
        """Why something did not arrive, the first time; empty: everything did so far."""
        self._spans = _Spans(f"{self._place}/v1/traces", resource := _resource())
        self._numbers = _Numbers(f"{self._place}/v1/metrics", resource)
        self._thread = threading.Thread(target=self._run, name="makeitso-otlp", daemon=True)
        self._thread.start()

    def give(self, made: Made) -> None:
        """Send these when it is convenient."""
        try:
            self._waiting.put_nowait(made)
        except queue.Full:
            self._fail("more came than the collector took")

    def close(self) -> None:
        """Send the rest, for as long as that may take, and stop."""
        self._closing.set()
        self._thread.join(FLUSH_S)
        if self._thread.is_alive():
            self._fail(f"the collector did not answer within {FLUSH_S:g} s")
            self._spans.exporter.shutdown()
            self._numbers.exporter.shutdown()  # pyright: ignore[reportUnknownMemberType]

    def _run(self) -> None:
        last = time.monotonic()
        over = False
        while not over:
            over = self._closing.wait(EVERY_S)
            while batch := self._gathered():
                self._send(batch)
            if over or time.monotonic() - last >= METRICS_EVERY_S:
                last = time.monotonic()
                if not self._numbers.send():
                    self._fail("the collector does not take metrics")

    def _gathered(self) -> list[Made]:
        batch: list[Made] = []
        while len(batch) < _BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _send(self, batch: list[Made]) -> None:
        every = [one for made in batch for one in made]
        for one in every:
            if isinstance(one, Measured):
                self._numbers.count(one)
        spans = [one for one in every if isinstance(one, Span)]
        if spans and not self._spans.send(spans):
            self._fail("the collector does not answer, or takes no spans")
        elif self._whole:
            self._sent(max(one.seq for one in every))

    def _fail(self, why: str) -> None:
        self._whole = False
        self.failure = self.failure or f"{why} ({self._place})"


class _Ids(IdGenerator):
    """Gives the ids that the journal says."""

    def __init__(self) -> None:
        self.trace = self.span = 1

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class _Ended(SpanProcessor):
    """Keeps what has ended until it is sent."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


class _Spans:
    def __init__(self, url: str, resource: Resource) -> None:
        self.exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_S)
        self._ids, self._ended = _Ids(), _Ended()
        provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("makeitso", __version__)

    def send(self, spans: Sequence[Span]) -> bool:
        for span in spans:
            self._end(span)
        ended, self._ended.spans = self._ended.spans, []
        return not ended or self.exporter.export(ended) is SpanExportResult.SUCCESS

    def _end(self, span: Span) -> None:
        self._ids.trace, self._ids.span = int(span.trace, 16), int(span.id, 16)
        above = None
        if span.parent:
            known = SpanContext(
                self._ids.trace,
                int(span.parent, 16),
                is_remote=False,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            )
            above = set_span_in_context(NonRecordingSpan(known))
        made = self._tracer.start_span(
            span.name,
            context=above,
            kind=SpanKind.CLIENT if span.client else SpanKind.INTERNAL,
            attributes=span.attributes,
            start_time=span.begin_ms * _NANO,
        )
        if span.error:
            made.set_status(Status(StatusCode.ERROR, span.error))
        made.end(end_time=span.end_ms * _NANO)


class _Numbers:
    def __init__(self, url: str, resource: Resource) -> None:
        self.exporter = OTLPMetricExporter(endpoint=url, timeout=EXPORT_S)
        self._reader = InMemoryMetricReader()
        provider = MeterProvider([self._reader], resource=resource, shutdown_on_exit=False)
        meter = provider.get_meter("makeitso", __version__)
        self._histograms = {
            "tokens": meter.create_histogram(
                "gen_ai.client.token.usage",
                unit="{token}",
                description="Tokens of one model turn, by kind.",
                explicit_bucket_boundaries_advisory=_TOKENS,
            ),
            "duration": meter.create_histogram(
                "gen_ai.client.operation.duration",
                unit="s",
                description="How long a turn of a worker or manager took.",
                explicit_bucket_boundaries_advisory=_SECONDS,
            ),
        }

    def count(self, measured: Measured) -> None:
        self._histograms[measured.what].record(measured.value, measured.attributes)

    def send(self) -> bool:
        found = self._reader.get_metrics_data()
        if found is None or not found.resource_metrics:
            return True
        took = self.exporter.export(found)  # pyright: ignore[reportUnknownMemberType]
        return took is MetricExportResult.SUCCESS


def _resource() -> Resource:
    about = {"service.version": __version__, "service.instance.id": str(uuid.uuid4())}
    if "OTEL_SERVICE_NAME" not in os.environ:
        about["service.name"] = "makeitso"
    return Resource.create(about)


def _silenced(name: str) -> None:
    """What libraries log of failures is said by us, once, where people read it."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = False
