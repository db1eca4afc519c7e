"""Decides as one of several processes at once: `python decider.py WHO STEPS`, `STEPS` as JSON.

Each step is done when a line comes in, and answered with a line of JSON: what came of it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import cast

from makeitso.errors import MisError
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import decide
from makeitso.runs.marking import mark
from makeitso.wiring import Bridge

Step = dict[str, object]


def carried_out(bridge: Bridge, who: str, step: Step) -> str:
    """Do one step; what to say about it."""
    book = bridge.book
    book.refresh()
    match step["do"]:
        case "decide":
            grant = bool(step["grant"])
            decided = decide(book, Decision(id=str(step["id"]), grant=grant), who=who)
            return f"decided {decided.state} by {decided.who}"
        case "mark":
            hunks = [str(hunk) for hunk in cast("list[object]", step["hunks"])]
            mark(book, hunks, "accepted" if step["grant"] else "rejected")
            return "marked"
        case other:
            raise ValueError(f"no step {other}")


def main(who: str, steps: list[Step]) -> None:
    bridge = Bridge(client=who)
    _ = bridge.book
    for step in steps:
        print("ready", flush=True)
        sys.stdin.readline()
        time.sleep(float(str(step.get("after_ms", 0))) / 1000)  # the seed's own interleaving
        try:
            said = carried_out(bridge, who, step)
        except MisError as error:
            said = f"{type(error).__name__}: {error.message}"
        print(json.dumps(said), flush=True)
    bridge.close()


if __name__ == "__main__":
    main(sys.argv[1], cast("list[Step]", json.loads(sys.argv[2])))
