"""A process of its own that decides an approval when it is told to; run as a script."""

from __future__ import annotations

import sys
from pathlib import Path

from makeitso.errors import MisError
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import decide
from makeitso.runs.book import Book
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal


def main(path: str, approval: str, who: str) -> None:
    book = Book(Journal(Path(path), clock=SystemClock(), client=who))
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        decided = decide(book, Decision(id=approval, grant=who != "no"), who=who)
        print("decided", decided.state, decided.who, flush=True)
    except MisError as error:
        print(type(error).__name__, error.message, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
