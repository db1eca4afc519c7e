"""An answer as the events of a Responses API stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.scripted.script import Answer, Call, Item, Patch, Run, Say, Think

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, object]

CREATED_AT = 1_700_000_000
"""A fixed time: the same script gives the same bytes."""


@dataclass(frozen=True)
class Pause:
    """Wait this many seconds before the next event."""

    seconds: float


def stream(answer: Answer, *, model: str, number: int) -> Iterator[Json | Pause]:
    """The events of one answer; `number` makes the ids of this response unique.

    Raises:
        ValueError: a chunk size below 1.
    """
    base: Json = {
        "id": f"resp_scripted_{number:06d}",
        "object": "response",
        "created_at": CREATED_AT,
        "model": model,
        "status": "in_progress",
        "output": [],
    }
    yield {"type": "response.created", "response": base}
    output: list[Json] = []
    for index, item in enumerate(answer.items):
        item_id = f"{number:06d}_{index}"
        if isinstance(item, Say):
            yield from _deltas(item, item_id=item_id, index=index)
        done = _item(item, item_id=item_id)
        output.append(done)
        yield {"type": "response.output_item.done", "output_index": index, "item": done}
    if answer.cut:
        return
    if answer.failed is not None:
        error = {"code": answer.failed, "message": answer.error}
        yield {"type": "response.failed", "response": {**base, "status": "failed", "error": error}}
        return
    end = {**base, "status": "completed", "output": output, "usage": _usage(answer)}
    yield {"type": "response.completed", "response": end}


def encode(event: Json) -> bytes:
    """One event as server-sent event bytes."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _deltas(say: Say, *, item_id: str, index: int) -> Iterator[Json | Pause]:
    if say.chunk < 1:
        raise ValueError("chunk must be at least 1")
    message_id = f"msg_scripted_{item_id}"
    yield {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {
            "type": "message",
            "id": message_id,
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        },
    }
    for start in range(0, len(say.text), say.chunk):
        if say.chunk_delay_s:
            yield Pause(say.chunk_delay_s)
        yield {
            "type": "response.output_text.delta",
            "item_id": message_id,
            "output_index": index,
            "content_index": 0,
            "delta": say.text[start : start + say.chunk],
        }


def _item(item: Item, *, item_id: str) -> Json:
    match item:
        case Say():
            message: Json = {
                "type": "message",
                "id": f"msg_scripted_{item_id}",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": item.text, "annotations": []}],
            }
            return message if item.phase is None else {**message, "phase": item.phase}
        case Think():
            summary = [{"type": "summary_text", "text": item.text}]
            return {"type": "reasoning", "id": f"rs_scripted_{item_id}", "summary": summary}
        case Run():
            arguments = {"cmd": item.cmd, "login": False, **item.options}
            return _function("exec_command", arguments, item.call_id, item_id)
        case Call():
            return _function(item.name, dict(item.arguments), item.call_id, item_id)
        case Patch():
            return {
                "type": "custom_tool_call",
                "id": f"ctc_scripted_{item_id}",
                "call_id": item.call_id,
                "name": "apply_patch",
                "input": item.patch,
                "status": "completed",
            }


def _function(name: str, arguments: Json, call_id: str, item_id: str) -> Json:
    return {
        "type": "function_call",
        "id": f"fc_scripted_{item_id}",
        "call_id": call_id,
        "name": name,
        "arguments": json.dumps(arguments),
        "status": "completed",
    }


def _usage(answer: Answer) -> Json:
    usage = answer.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
