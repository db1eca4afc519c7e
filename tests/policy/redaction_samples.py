"""Secrets for redaction tests, and every form in which one may show up."""

from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote, quote_plus

KEY = b"0123456789abcdef"
SECRETS = {
    "plain": "hunter2-correct-horse",
    "odd": "p@ss/w+rd=\"'<&>$`x y\\z",
    "umlaut": "schlüssel-größe-42",
    "eight": "a1b2c3d4",
}


def spellings(value: str) -> dict[str, bytes]:
    """What programs make of a value when they print it."""
    raw = value.encode()
    found = {
        "raw": raw,
        "basic header": base64.b64encode(b"user:" + raw),
        "base64 1": base64.b64encode(raw + b" tail"),
        "base64 2": base64.b64encode(b"x" + raw + b"tail"),
        "base64 3": base64.b64encode(b"xy" + raw + b"t"),
        "base64 url": base64.urlsafe_b64encode(b"xy" + raw),
        "url": quote(value, safe="").encode(),
        "url slash": quote(value).encode(),
        "url lower": quote(value, safe="").encode().lower(),
        "form": quote_plus(value).encode(),
        "json": json.dumps({"k": value}).encode(),
        "json utf-8": json.dumps({"k": value}, ensure_ascii=False).encode(),
        "json in json": json.dumps(json.dumps({"k": value})).encode(),
        "repr": repr(value).encode(),
        "repr bytes": repr(raw).encode(),
        "html": html.escape(value).encode(),
        "html text": html.escape(value, quote=False).encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "shell": shlex.quote(value).encode(),
        "utf-16": value.encode("utf-16-le"),
        "utf-16 be": value.encode("utf-16-be"),
        "upper": raw.upper(),
    }
    if len(raw) < 11:
        # base64 of a value under 11 bytes is too short to be told from chance; documented.
        found = {k: v for k, v in found.items() if "base64" not in k and "basic" not in k}
    if not value.isascii() or value != value.lower():
        found.pop("url lower")
    if quote(value, safe="").lower() != quote(value, safe=""):
        found.pop("url lower", None)
    return found


def leaked(value: str, out: bytes) -> bool:
    """Whether a run of the value long enough to use is still there, in any spelling."""
    return any(core(value, name, form) in out for name, form in spellings(value).items())


def core(value: str, name: str, form: bytes) -> bytes:
    """The part of a spelling that belongs to the value alone."""
    if "base64" in name or "basic" in name:
        # Both ends of a base64 run depend on what stands around it.
        return form[8:-8]
    if name.startswith("json"):
        inner = json.dumps(value, ensure_ascii=name != "json utf-8")[1:-1]
        return (json.dumps(inner)[1:-1] if name == "json in json" else inner).encode()
    if name == "repr":
        return repr(value)[1:-1].encode()
    if name == "repr bytes":
        return form[2:-1]
    return form
