"""A verb for tests of the boundary: it fails as it is told."""

from __future__ import annotations

import sys

import typer

from makeitso.errors import BudgetExceeded, WorkerError


def register(app: typer.Typer) -> None:
    app.command("fail")(fail)


def fail(kind: str, json: bool = False) -> None:
    """Fail."""
    del json
    if kind == "expected":
        raise BudgetExceeded("no more tokens", hint="Raise it.", data={"used": 7})
    if kind == "group":
        inner = ExceptionGroup("inner", [ValueError("noise"), WorkerError("worker died")])
        raise ExceptionGroup("outer", [inner])
    if kind == "interrupted-group":
        raise BaseExceptionGroup("outer", [WorkerError("worker died"), KeyboardInterrupt()])
    if kind == "bug":
        raise ValueError("token sk-very-secret-value is odd\nsecond line")
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "exit":
        raise typer.Exit(3)
    if kind == "sysexit":
        sys.exit(4)
    if kind == "unflushed":
        sys.stdout.write("something")
    if kind == "pipe-group":
        sys.stdout.write("something")
        raise ExceptionGroup("outer", [WorkerError("cut off"), BrokenPipeError(32, "Broken pipe")])
