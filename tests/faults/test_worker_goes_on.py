"""The scripted worker of the journeys goes on from whatever a kill has left of its file."""

from __future__ import annotations

import json
from typing import Any

from faults.jobs import ONE_TASK
from makeitso.scripted import Patch, Run
from makeitso.scripted.view import read_request

SAID = ("say-T1-0", "exec_command", "Process exited with code 0")
TWO = ("line-two-1", "apply_patch", "Exit code: 0\nSuccess.")
EMPTIED = "```data diff\n--- a/poem.txt\n@@ -1,3 +0,0 @@\n-line 1\n-line two\n-line 3\n```"


def next_item(prompt: str, *calls: tuple[str, str, str]) -> object:
    items: list[dict[str, Any]] = []
    for name, tool, output in calls:
        call = {"type": "function_call", "call_id": name, "name": tool, "arguments": "{}"}
        items += [call, {"type": "function_call_output", "call_id": name, "output": output}]
    items.append({"role": "user", "content": [{"type": "input_text", "text": prompt}]})
    view = read_request(json.loads(json.dumps({"model": "m", "input": items})))
    return ONE_TASK.script()(view).items[0]


def test_an_emptied_file_is_written_anew_and_its_changes_are_made_again() -> None:
    first = next_item(EMPTIED, SAID, TWO)
    assert isinstance(first, Run)
    assert first.cmd == r"printf '%s\n' 'line 1' 'line two' 'line 3' > poem.txt"
    restored = (first.call_id, "exec_command", "Process exited with code 0")
    again = next_item(EMPTIED, SAID, TWO, restored)
    assert isinstance(again, Patch)
    assert again.call_id.startswith("line-two")


def test_a_change_that_does_not_fit_is_not_taken_for_made() -> None:
    unfit = ("line-thirty-2", "apply_patch", "apply_patch verification failed: no such lines")
    item = next_item("go on", SAID, TWO, unfit)
    assert isinstance(item, Patch)
    assert item.call_id.startswith("line-thirty")
