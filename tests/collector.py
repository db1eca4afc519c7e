"""A collector that speaks OTLP over HTTP: takes what is sent apart and keeps it."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

Value = str | int | float | bool


@dataclass(frozen=True)
class Received:
    """One span as it came."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    begin_ns: int
    end_ns: int
    failed: bool
    about: dict[str, Value]


@dataclass
class Collector:
    """What came, and how it answers.

    Attributes:
        url: to be set as the endpoint.
        status: what every request is answered with.
        hang_s: so long no request is answered.
    """

    url: str = ""
    status: int = 200
    hang_s: float = 0.0
    requests: list[str] = field(default_factory=list[str])
    bodies: list[bytes] = field(default_factory=list[bytes])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    released: threading.Event = field(default_factory=threading.Event)

    def spans(self) -> list[Received]:
        """Every span, in order of arrival."""
        found: list[Received] = []
        for path, body in zip(self.requests, self.bodies, strict=True):
            if path == "/v1/traces":
                sent = ExportTraceServiceRequest.FromString(body)
                found += [
                    _span(span)
                    for resource in sent.resource_spans
                    for scope in resource.scope_spans
                    for span in scope.spans
                ]
        return found

    def resources(self) -> list[dict[str, Value]]:
        """What the senders say of themselves."""
        return [
            _about(resource.resource.attributes)
            for path, body in zip(self.requests, self.bodies, strict=True)
            if path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        ]

    def histograms(self) -> dict[tuple[str, str], tuple[int, float]]:
        """Count and sum of the newest histograms, by name and token type, of all that was sent."""
        newest: dict[tuple[str, str], tuple[int, float]] = {}
        for path, body in zip(self.requests, self.bodies, strict=True):
            if path == "/v1/metrics":
                sent = ExportMetricsServiceRequest.FromString(body)
                for metric in (
                    metric
                    for resource in sent.resource_metrics
                    for scope in resource.scope_metrics
                    for metric in scope.metrics
                ):
                    sums: dict[tuple[str, str], tuple[int, float]] = {}
                    for point in metric.histogram.data_points:
                        key = (
                            metric.name,
                            str(_about(point.attributes).get("gen_ai.token.type", "")),
                        )
                        count, total = sums.get(key, (0, 0.0))
                        sums[key] = (count + point.count, total + point.sum)
                    newest |= sums
        return newest

    def until(self, count: int, *, timeout_s: float = 30.0) -> list[Received]:
        """Wait for so many spans."""
        end = time.monotonic() + timeout_s
        while len(found := self.spans()) < count:
            assert time.monotonic() < end, [span.name for span in found]
            time.sleep(0.05)
        return found


@contextlib.contextmanager
def collector(*, status: int = 200, hang_s: float = 0.0) -> Generator[Collector]:
    """A collector on a port of its own for as long as the block lasts."""
    kept = Collector(status=status, hang_s=hang_s)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.hang_s:
                kept.released.wait(kept.hang_s)
            if kept.status == 200:
                kept.requests.append(self.path)
                kept.headers.append({k.lower(): v for k, v in self.headers.items()})
                kept.bodies.append(body)
            with contextlib.suppress(OSError):
                self.send_response(kept.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def _span(span: WireSpan) -> Received:
    return Received(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        kind=span.kind,
        begin_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        failed=span.status.code == 2,
        about=_about(span.attributes),
    )


def _about(attributes: Sequence[KeyValue]) -> dict[str, Value]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "") for one in attributes}
