"""`mis lsp`: serve an editor over stdio or TCP."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from makeitso.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("lsp")(lsp)


def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak on stdin and stdout; the default.")
    ] = False,
    tcp: Annotated[
        str, typer.Option("--tcp", metavar="HOST:PORT", help="Listen on a TCP address instead.")
    ] = "",
) -> None:
    """Serve editors over LSP."""
    if stdio and tcp:
        raise UsageError("--stdio and --tcp exclude each other", hint="Give one of them.")
    host, port = parse_address(tcp) if tcp else (None, None)
    # By name: pygls loads with this module, and only when a server is wanted.
    importlib.import_module("makeitso.lsp.main").serve(stdio=not tcp, host=host, port=port)


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, an IPv6 host in brackets; port 0 takes a free one.

    Raises:
        UsageError: it is no address.
    """
    host, colon, digits = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not digits.isdecimal() or int(digits) > 65535:
        raise UsageError(
            f"--tcp {text}: not HOST:PORT", hint="Write for instance --tcp 127.0.0.1:2087."
        )
    return host, int(digits)
