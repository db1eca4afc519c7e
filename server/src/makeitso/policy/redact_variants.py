r"""The ways a known value shows up in output: encodings and quotings of it.

Not covered, and nothing covers it: double base64, reversed text, xxd dumps, a part of the value,
and a value broken up by colour codes, white space or line wraps inside it.
"""

from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote, quote_plus

MIN_BYTES = 8
"""Shorter values are not registered: they would mask ordinary text."""
MIN_BASE64 = 12
"""Fewer characters of base64 than these match by chance; values under 11 bytes have fewer."""


def variants(value: bytes) -> frozenset[bytes]:
    """Every form of a value worth looking for, the value itself among them.

    Args:
        value: at least `MIN_BYTES` long.
    """
    forms = {value, value.upper(), value.hex().encode(), value.hex().upper().encode()}
    forms |= _base64(value)
    forms |= {repr(value)[2:-1].encode()}
    text = value.decode("utf-8", "surrogateescape")
    try:
        forms |= _textual(text)
    except UnicodeEncodeError:
        # Not valid UTF-8: the forms in bytes are all there is.
        forms |= {quote(value, safe="").encode(), quote_plus(value).encode()}
    return frozenset(form for form in forms if len(form) >= MIN_BYTES)


def lines_of(value: bytes) -> list[bytes]:
    """The lines of a multi-line value that are secret by themselves."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) < 2:
        return []
    return [line for line in lines if len(line) >= MIN_BYTES and not line.startswith(b"-----")]


def _base64(value: bytes) -> set[bytes]:
    """What the value becomes inside base64, whatever stands before and after it."""
    forms: set[bytes] = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value)
        first = (before * 8 + 5) // 6
        fixed = encoded[first : (before + len(value)) * 8 // 6]
        if len(fixed) >= MIN_BASE64:
            forms |= {fixed, fixed.replace(b"+", b"-").replace(b"/", b"_")}
            forms.add(fixed.replace(b"/", b"\\/"))
    return forms


def _textual(text: str) -> set[bytes]:
    once = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    once |= {form.replace("/", r"\/") for form in once}
    twice = {json.dumps(form)[1:-1] for form in once}
    forms = once | twice | {repr(text)[1:-1], html.escape(text), html.escape(text, quote=False)}
    forms |= {html.escape(text).replace("&#x27;", "&#39;"), html.escape(text, quote=False)}
    for safe in ("", "/"):
        quoted = quote(text, safe=safe)
        forms |= {quoted, _lower_escapes(quoted)}
    plus = quote_plus(text)
    forms |= {plus, _lower_escapes(plus), shlex.quote(text)}
    forms |= {text.replace("'", "'\"'\"'"), text.replace("'", "'\\''")}
    for special in ('\\"$`', "\\\"$` '!&|;<>()*?[]#~{}"):
        forms.add("".join("\\" + c if c in special else c for c in text))
    encoded = {form.encode() for form in forms}
    return encoded | {text.encode("utf-16-le"), text.encode("utf-16-be")}


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return "%".join((head, *(part[:2].lower() + part[2:] for part in rest)))
