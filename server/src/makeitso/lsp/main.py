"""The program `makeitso-language-server`: options, logging, the wire, and an end within seconds."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING

import anyio

from makeitso import __version__
from makeitso.lsp.framing import Decoder, FramingError
from makeitso.lsp.logs import configure
from makeitso.lsp.server import build
from makeitso.lsp.transport import PipeWriter, read_pipe, take_stdio
from makeitso.plans.collecting import collect_seldom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from makeitso.lsp.server import Server

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve one client; 0 after `shutdown` and `exit`, 0 when the client is gone, else 1."""
    parser = argparse.ArgumentParser(
        prog="makeitso-language-server", description="Serve an editor over LSP."
    )
    parser.add_argument("--stdio", action="store_true", help="stdin and stdout (the default)")
    parser.add_argument("--tcp", metavar="HOST:PORT", help="listen for one client instead")
    parser.add_argument("--log", metavar="FILE", help="log there as well")
    parser.add_argument("--version", action="version", version=f"makeitso {__version__}")
    options = parser.parse_args(argv)
    host, port = None, None
    if options.tcp is not None:
        if options.stdio:
            parser.error("--stdio and --tcp exclude each other")
        host, _, digits = str(options.tcp).rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not digits.isdecimal() or int(digits) > 65535:
            parser.error(f"--tcp {options.tcp}: write for instance 127.0.0.1:2087")
        port = int(digits)
    return serve(stdio=options.tcp is None, host=host, port=port, log_file=options.log)


def serve(
    *, stdio: bool, host: str | None = None, port: int | None = None, log_file: str | None = None
) -> int:
    """Serve one client over stdio or TCP and return the exit code."""
    collect_seldom()
    configure(log_file)
    server = build()
    if stdio:
        source, sink = take_stdio()
        anyio.run(_serve_stdio, server, source, sink)
    else:
        anyio.run(_serve_tcp, server, host or "127.0.0.1", port or 0)
    code = server.protocol.exit_code
    return 0 if code is None else code


async def _serve_stdio(server: Server, source: int, sink: int) -> None:
    loop = asyncio.get_running_loop()
    gone = anyio.Event()
    writer = PipeWriter(sink, broken=lambda: _from_thread(loop, gone.set))
    try:
        await _serve(server, read_pipe(source, loop), writer, gone)
    finally:
        writer.close()


async def _serve_tcp(server: Server, host: str, port: int) -> None:
    taken = anyio.Event()
    over = anyio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if taken.is_set():
            writer.close()
            return
        taken.set()
        try:
            await _serve(server, _chunks(reader), writer, anyio.Event())
        finally:
            with contextlib.suppress(OSError):
                await writer.drain()
            writer.close()
            over.set()

    listening = await asyncio.start_server(connected, host, port)
    async with listening:
        for socket in listening.sockets:
            name = socket.getsockname()
            sys.stderr.write(f"listening on {name[0]}:{name[1]}\n")
        sys.stderr.flush()
        await over.wait()


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await reader.read(65_536):
        yield chunk


async def _serve(
    server: Server,
    chunks: AsyncIterator[bytes],
    writer: PipeWriter | asyncio.StreamWriter,
    gone: anyio.Event,
) -> None:
    """Serve until `exit`, the end of input, a signal, or a client that takes nothing any more."""
    server.protocol.set_writer(writer)  # type: ignore[arg-type]
    async with anyio.create_task_group() as group:
        end = group.cancel_scope.cancel
        server.protocol.on_exit = end
        group.start_soon(server.session.work)
        group.start_soon(_end_when, gone, group.cancel_scope)
        group.start_soon(_end_on_signal, group.cancel_scope)
        await _read(server, chunks)
        end()


async def _read(server: Server, chunks: AsyncIterator[bytes]) -> None:
    decoder = Decoder()
    try:
        async for chunk in chunks:
            for body in decoder.feed(chunk):
                server.protocol.receive(body)
    except (FramingError, OSError) as error:
        log.warning("wire.broken", extra={"why": str(error)})


async def _end_when(gone: anyio.Event, scope: anyio.CancelScope) -> None:
    await gone.wait()
    scope.cancel()


async def _end_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()
            return


def _from_thread(loop: asyncio.AbstractEventLoop, call: object) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call)  # type: ignore[arg-type]


if __name__ == "__main__":
    raise SystemExit(main())
