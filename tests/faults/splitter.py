"""Splits the one hunk of the newest run, as an editor would ask for it: `python splitter.py`."""

from __future__ import annotations

from makeitso.runs.marking import split_hunk
from makeitso.wiring import Bridge


def main() -> None:
    bridge = Bridge(client="test")
    run = list(bridge.book.runs.values())[-1]
    (hunk,) = run.tasks["T1"].hunks
    split_hunk(bridge.book, bridge.repo, hunk)
    bridge.close()


if __name__ == "__main__":
    main()
