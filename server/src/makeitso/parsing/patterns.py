r"""A pattern: one rule of the library, and its expression translated for the engine.

A pattern is written in the common subset of Python's and RE2's syntax. The translation expands the
`x` flag, which RE2 does not know, turns `\Z` into `\z`, and makes every character outside ASCII
one unit of bytes, because the engine works on bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from makeitso.parsing.linear import PatternError

PatternState = Literal["active", "canary", "shadow", "off"]
STATES: tuple[PatternState, ...] = ("active", "canary", "shadow", "off")

FIELDS = (
    "phase", "event", "artifact", "json",
    "path", "line", "column", "severity", "code", "message",
)  # fmt: skip
"""Named groups that become fields of a record."""

EXTRACT_JSON = "extract-json"
"""Intent: the only group (or the one named `json`) is a JSON payload."""
IGNORE = "ignore"
"""Intent: the line is known and says nothing; no record, no miss."""
CONTEXT = "context"
"""Intent: the line gives fields to later records (`under`); no record of its own."""
TRACE = "trace"
"""Intent: a place on the way to what went wrong."""
DETAIL = "detail"
"""Intent: more about what went wrong."""
CONTINUATION = "continuation"
"""Intent: counts only directly after a line of a pattern in `joins`, whose record it completes;
without fields of its own it only leads over to the next such line."""
PREFIX = "prefix"
"""Intent: what stands before `message` is not the tool's, and the rest is looked at for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One rule of the library.

    Attributes:
        name: unique in the library, also the name in records.
        intent: what it is for: `diagnostic`, `test`, `summary`, `event`, `extract-json`; `ignore`,
            `context`, `continuation` and `prefix` make no records of their own.
        regex: the expression as written.
        multiline: matched against delimited blocks instead of single lines.
        reflags: letters of `i m s x a`.
        fields: constant fields of its records, where the pattern captured nothing.
        joins: names of patterns whose record this line completes, if it comes directly before.
        under: name of a pattern whose latest fields fill the gaps of this record.
        state: only `active` patterns make records; canary ones in canary runs.
        line: zero-based line of its entry in the file it came from.
    """

    name: str
    intent: str
    regex: str
    multiline: bool = False
    reflags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    joins: tuple[str, ...] = ()
    under: str | None = None
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    state: PatternState = "active"
    since: str = ""
    rationale: str = ""
    origin: str = ""
    line: int = 0

    def compiled_source(self) -> bytes:
        """The expression for the engine.

        Raises:
            PatternError: it uses something the engine does not know.
        """
        return translate(self.regex, self.reflags)


def translate(regex: str, flags: tuple[str, ...]) -> bytes:
    """An expression in the common subset as RE2 source in bytes.

    Raises:
        PatternError: an unknown flag, or a construct that means something else in RE2.
    """
    unknown = [flag for flag in flags if flag not in {"i", "m", "s", "x", "a"}]
    if unknown:
        raise PatternError(f"unknown flag {unknown[0]!r}; known are i, m, s, x, a")
    if "i" in flags and not regex.isascii():
        raise PatternError("flag i with characters outside ASCII")
    body = b"".join(_units(regex, verbose="x" in flags))
    inline = "".join(flag for flag in ("i", "m", "s") if flag in flags)
    return (f"(?{inline})".encode() if inline else b"") + body


def _units(regex: str, *, verbose: bool) -> list[bytes]:
    out: list[bytes] = []
    pos, in_class, class_start = 0, False, 0
    while pos < len(regex):
        char = regex[pos]
        if char == "\\":
            escape = regex[pos : pos + 2]
            if len(escape) < 2:
                raise PatternError("a backslash at the end")
            out.append(rb"\z" if escape == r"\Z" and not in_class else _bytes(escape, in_class))
            pos += 2
            continue
        if in_class:
            # A `]` directly after `[` or `[^` is a member.
            if char == "]" and pos > class_start:
                in_class = False
            elif char == "[" and regex.startswith("[:", pos):
                raise PatternError("a POSIX class such as [:alpha:]")
        elif char == "[":
            in_class = True
            class_start = pos + (2 if regex.startswith("[^", pos) else 1)
        elif verbose and char.isspace():
            pos += 1
            continue
        elif verbose and char == "#":
            newline = regex.find("\n", pos)
            pos = len(regex) if newline < 0 else newline
            continue
        elif regex.startswith("{,", pos):
            raise PatternError("{,n}: write {0,n}")
        out.append(_bytes(char, in_class))
        pos += 1
    return out


def _bytes(text: str, in_class: bool) -> bytes:  # noqa: FBT001 -- two kinds of place, one caller
    if text.isascii():
        return text.encode()
    if in_class:
        raise PatternError(f"{text!r} in a character class: write alternatives, (?:a|b)")
    return b"(?:" + text.removeprefix("\\").encode() + b")"
