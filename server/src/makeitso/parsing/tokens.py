"""The control tokens of frames, plain or with a run's nonce inside.

A live token is the base token with the nonce put before its trailing closing punctuation
(`>`, `)`, `]`, `}`), after a space: `<<MIS:START>>` becomes `<<MIS:START 0123...>>`. A base token
without closing punctuation gets the nonce appended: `@@START` becomes `@@START 0123...`. A JSON
token may say the size of its payload the same way: `<<MIS:JSON 0123... len=44>>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.protocol.plan import Delimiters
    from makeitso.protocol.record import FrameKind

NONCE_PATTERN = r"[0-9a-f]{32}"
"""A nonce is 128 bits in lower-case hex."""
_CLOSING = ">)]}"
_KINDS: tuple[FrameKind, ...] = ("start", "end", "err", "json")


def split_token(token: str) -> tuple[str, str]:
    """The part before and the part of the trailing closing punctuation."""
    head = token.rstrip(_CLOSING)
    return (head, token[len(head) :]) if head else (token, "")


def live_token(token: str, nonce: str | None) -> str:
    """The token as a worker has to write it; without a nonce, the base token itself."""
    if nonce is None:
        return token
    head, tail = split_token(token)
    return f"{head} {nonce}{tail}"


def without_nonce(text: str, nonce: str | None) -> str:
    """The text with live tokens as base tokens, for what is kept longer than the run."""
    return text.replace(f" {nonce}", "").replace(nonce, "") if nonce else text


def base_tokens(delimiters: Delimiters) -> dict[FrameKind, str]:
    """The base tokens by kind."""
    return {
        "start": delimiters.start,
        "end": delimiters.end,
        "err": delimiters.err,
        "json": delimiters.json_,
    }


def delimiter_problems(delimiters: Delimiters) -> list[str]:
    """What would make these tokens ambiguous or unreadable; empty when they are fine."""
    found: list[str] = []
    tokens = base_tokens(delimiters)
    for kind, token in tokens.items():
        if token != token.strip() or not token.isprintable():
            found.append(f"the {kind} token must be printable, on one line, without outer spaces")
        if len(token) > 64:
            found.append(f"the {kind} token is longer than 64 characters")
        if " " in token:
            found.append(f"the {kind} token must not contain a space")
        for other, text in tokens.items():
            if other != kind and text.startswith(split_token(token)[0]):
                found.append(f"the {other} token begins like the {kind} token")
    return found


@dataclass(frozen=True, slots=True)
class Mark:
    """A live token found in a line."""

    kind: FrameKind
    start: int
    end: int
    length: int | None
    """Declared payload size in bytes, for a JSON token that says it."""


class TokenSet:
    """Recognises the live tokens of one stream, and the ones that only look like them."""

    def __init__(self, delimiters: Delimiters, nonce: str | None) -> None:
        tokens = base_tokens(delimiters)
        # Longest first, so that a token that begins like a shorter one is still itself.
        order = sorted(_KINDS, key=lambda kind: -len(tokens[kind]))
        self.base: dict[FrameKind, bytes] = {k: t.encode() for k, t in tokens.items()}
        self.heads: tuple[bytes, ...] = tuple({split_token(tokens[k])[0].encode() for k in _KINDS})
        self.shared = _shared(self.heads)
        """What all tokens begin with; empty: nothing, and it is in every line."""
        self.live = nonce is not None
        self._live = re.compile(b"|".join(_live(k, tokens[k], nonce) for k in order))
        self._look = re.compile(b"|".join(_lookalike(tokens[k]) for k in order))
        self._json_head = split_token(tokens["json"])[0].encode()

    def absent(self, line: bytes) -> bool:
        """True for sure when no token can be in a line; the quick answer for most lines."""
        return self.shared not in line

    def at(self, line: bytes, pos: int = 0) -> Mark | None:
        """The live token that stands exactly at `pos`."""
        return _mark(self._live.match(line, pos))

    def find(self, line: bytes, pos: int) -> Mark | None:
        """The first live token at or after `pos`."""
        return _mark(self._live.search(line, pos))

    def ending(self, line: bytes) -> Mark | None:
        """The END token a line ends with, white space aside."""
        text = line.rstrip()
        for found in self._live.finditer(text):
            mark = _mark(found)
            if mark is not None and mark.kind == "end" and mark.end == len(text):
                return mark
        return None

    def inline_json(self, line: bytes) -> Mark | None:
        """A JSON token somewhere in a line that also holds an END token after it."""
        if self._json_head not in line:
            return None
        pos = 0
        while (mark := self.find(line, pos)) is not None:
            pos = mark.end
            if mark.kind == "json":
                return mark
        return None

    def lookalike(self, line: bytes) -> bool:
        """Whether a line begins with a base token that is not live here."""
        return line.startswith(self.heads) and self._look.match(line) is not None

    def plain(self, line: bytes) -> bytes:
        """The line with live tokens put back to base tokens, nonce and size gone."""
        return self._live.sub(self._plain_one, line)

    def _plain_one(self, found: re.Match[bytes]) -> bytes:
        mark = _mark(found)
        return found.group() if mark is None else self.base[mark.kind]


def _shared(heads: tuple[bytes, ...]) -> bytes:
    """What all heads begin with; empty when they have nothing in common."""
    first, last = min(heads), max(heads)
    size = next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    return first[:size]


def _live(kind: FrameKind, token: str, nonce: str | None) -> bytes:
    head, tail = (part.encode() for part in split_token(token))
    inside = b" " + nonce.encode() if nonce is not None else b""
    size = rb"(?: len=(?P<len>[0-9]{1,9}))?" if kind == "json" else b""
    text = re.escape(head) + inside + size + re.escape(tail)
    if not tail:
        text += rb"(?![A-Za-z0-9_])"
    return b"(?P<%b>%b)" % (kind.encode(), text)


def _lookalike(token: str) -> bytes:
    head, tail = (part.encode() for part in split_token(token))
    return re.escape(head) + (b"(?:%b| )" % re.escape(tail) if tail else rb"(?![A-Za-z0-9_])")


def _mark(found: re.Match[bytes] | None) -> Mark | None:
    if found is None:
        return None
    groups = found.groupdict()
    size = groups.pop("len")
    for kind in _KINDS:
        if groups[kind] is not None:
            return Mark(kind, found.start(), found.end(), int(size) if size else None)
    return None
