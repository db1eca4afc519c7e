"""Strict JSON for payloads: what is not JSON is reported, never repaired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pydantic import JsonValue

MAX_DEPTH = 64
"""Deeper nesting is refused: it exhausts recursive readers further on."""


class PayloadError(ValueError):
    """A payload that is not JSON; the text says why.

    Attributes:
        incomplete: everything is right so far, and the end is missing.
    """

    def __init__(self, reason: str, *, incomplete: bool = False) -> None:
        super().__init__(reason)
        self.incomplete = incomplete


def read_json(data: bytes) -> tuple[JsonValue, bytes]:
    """The JSON value at the start of `data`, and what follows it.

    Raises:
        PayloadError: not UTF-8, not JSON, NaN or Infinity, a lone surrogate, or nested too deeply.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PayloadError(f"not UTF-8 at byte {error.start}") from error
    stripped = text.lstrip()
    try:
        value, end = cast("tuple[JsonValue, int]", _DECODER.raw_decode(stripped))
    except PayloadError:
        raise
    except RecursionError as error:
        raise PayloadError("nested too deeply") from error
    except ValueError as error:
        raise _translated(error, len(stripped.rstrip())) from error
    _check(value)
    return value, stripped[end:].encode("utf-8")


def whole_json(data: bytes) -> JsonValue:
    """The JSON value that `data` is.

    Raises:
        PayloadError: as `read_json`, or something follows the value.
    """
    value, rest = read_json(data)
    if rest.strip():
        raise PayloadError("text after the JSON value")
    return value


def _refuse_constant(name: str) -> object:
    raise PayloadError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _translated(error: ValueError, size: int) -> PayloadError:
    if isinstance(error, json.JSONDecodeError):
        text = f"{error.msg} at character {error.pos}"
        return PayloadError(text, incomplete=error.pos >= size)
    return PayloadError("a number with too many digits")


def _check(value: JsonValue) -> None:
    layer: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        below: list[JsonValue] = []
        for item in layer:
            if isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str):
                _check_text(item)
        if not below:
            return
        layer = below
    raise PayloadError("nested too deeply")


def _check_text(text: str) -> None:
    # A lone surrogate is legal in a JSON escape and cannot be written anywhere as UTF-8.
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise PayloadError("a lone surrogate")
