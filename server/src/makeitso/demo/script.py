"""What the demo's model says. It is scripted: it answers from the content of a request alone."""

from __future__ import annotations

import json
import re

from makeitso.demo.sample import CHECK, GOAL, PATCH
from makeitso.scripted import (
    Answer,
    Patch,
    RequestView,
    Run,
    Say,
    Script,
    Think,
    Tokens,
    workflow,
)

_TOKEN = re.compile(r"<<MIS:START ([0-9a-f]{32})>>")

_PLAN = {
    "title": GOAL,
    "goal": "stardates parses dates before 1970 and prints dates the way it reads them; "
    "its tests pass.",
    "tasks": [
        {
            "id": "T1",
            "title": "Mend parse and show in stardates.py",
            "goal": "`parse` refuses years before 1970 for no reason: take the refusal out. "
            "`show` prints `2063-4-5` where `2063-04-05` was read: pad with zeros. "
            "Keep both signatures.",
            "files": ["stardates.py"],
            "checks": [CHECK],
            "after": [],
        }
    ],
}
_JUDGEMENT = {
    "verdict": "done",
    "instructions": "",
    "note": "The refusal is gone, dates are padded, and the tests pass.",
    "wait_s": 0,
}


def script(view: RequestView) -> Answer:
    """Answer as the manager when a schema is asked for, else as the worker."""
    if view.schema_name is not None:
        verdict = "verdict" in json.dumps(view.schema) if view.schema else False
        text = json.dumps(_JUDGEMENT if verdict else _PLAN, indent=2)
        return Answer(
            items=(Say(text, phase="final_answer", chunk=60, chunk_delay_s=0.01),),
            usage=Tokens(input=1800, output=220),
        )
    found = _TOKEN.search(view.developer_text)
    return _worker(found[1] if found else "")(view)


def _worker(token: str) -> Script:
    start, data, error, end = (
        f"<<MIS:{word}{' ' + token if token else ''}>>" for word in ("START", "JSON", "ERR", "END")
    )
    return workflow(
        Answer(
            items=(
                Think("Look at the code and at what fails first."),
                Say("I run the tests to see what fails.", phase="commentary", chunk_delay_s=0.02),
                Run(CHECK, "demo-red"),
            )
        ),
        Answer(
            items=(
                Say(
                    f"{start} task\n"
                    f"{error} 2 of 3 tests fail: years before 1970 are refused, no zeros\n"
                    f'{data} {{"event": "artifact", "artifact": "stardates.py"}}\n'
                    f"{end}\n"
                    "Both have their cause in stardates.py.",
                    phase="commentary",
                    chunk_delay_s=0.02,
                ),
                Patch(PATCH, "demo-patch"),
            )
        ),
        Answer(items=(Run(CHECK, "demo-green"),)),
        Answer(
            items=(
                Say(
                    "`parse` no longer refuses years before 1970, and `show` pads month and day "
                    "with zeros. All three tests pass. Nothing else was changed.",
                    phase="final_answer",
                    chunk_delay_s=0.02,
                ),
            )
        ),
    )
