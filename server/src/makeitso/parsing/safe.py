r"""Which expressions Python's `re` may run, because it can be shown how long it takes.

Reading captures with `re` costs a quarter of what it costs through RE2, but `re` backtracks. It is
used where every choice the expression leaves open is settled by the next byte: then a wrong choice
ends at once, and the whole is linear. A choice that stays open over a stretch (`.*?`) makes that
one degree worse; lines short enough for the steps that are allowed may still be read so, longer
ones go to RE2. What cannot be shown is not run.

The proof is over what `re` itself makes of the expression; where that cannot be had, nothing is
safe.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = 1 << 18
"""Most steps of backtracking of one match, each some 20 ns."""
MAX_WAYS = 64
MAX_GAPS = 2
_MANY = 16
"""A repetition with more than so many lengths counts as one without end."""
_ALL = (1 << 256) - 1
_END = 1 << 256
_FOLLOW = 1 << 257
"""Stands for whatever comes after, to ask whether an expression can be empty."""
_SPACES = rb"\t\n\f\r "
"""What RE2 means by \\s; `re` would take the vertical tab too."""
_HEAD = re.compile(rb"\(\?([is]+)\)")
_GROUP = re.compile(rb"\(\?(?:[is]*:|P<)")
_ESCAPES = frozenset(b"dDwWbtnrfA")
_PUNCTUATION = frozenset(rb"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~ """)


@dataclass(frozen=True, slots=True)
class SafeRegex:
    """An expression for `re`, and how long a line it may see."""

    regex: re.Pattern[bytes]
    anchored: bool
    """It matches at the first byte or not at all."""
    limit_bytes: int | None
    """Longest line within the steps that are allowed; None: any, it is linear."""


class _Unproven(Exception):  # noqa: N818 -- not an error: the answer is no
    """It may take too long, or `re` and RE2 may not mean the same."""


@lru_cache(maxsize=8192)
def safe_regex(source: bytes) -> SafeRegex | None:
    """The expression for `re`, when it is shown to say the same as RE2 in bounded time.

    Args:
        source: an expression that RE2 takes, in bytes.
    """
    try:
        translated, fold, items = _read(source)
        proof = _Proof(fold=fold)
        anchored = proof.whole(items)
        compiled = re.compile(translated)
    except (_Unproven, re.error, RecursionError, OverflowError):
        return None
    degree = proof.gaps + (0 if anchored else 1)
    if degree == 0:
        return SafeRegex(compiled, anchored, None)
    limit = int((STEPS / proof.ways) ** (1 / (degree + 1)))
    return SafeRegex(compiled, anchored, limit)


@lru_cache(maxsize=8192)
def is_anchored(source: bytes) -> bool:
    """Whether it is shown to match at the first byte or not at all; False: nothing is known."""
    try:
        _, fold, items = _read(source)
    except (_Unproven, re.error, RecursionError, OverflowError):
        return False
    return _Proof(fold=fold).opening(items) > 0


def for_hyperscan(source: bytes) -> bytes | None:
    """RE2's source as Hyperscan takes it, with the same meaning; None: nobody can say."""
    try:
        translated, _, _ = _read(source)
    except (_Unproven, re.error, RecursionError, OverflowError):
        return None
    return re.sub(rb"(\\\\)|\\Z", lambda found: found.group(1) or rb"\z", translated)


@lru_cache(maxsize=1024)
def _read(source: bytes) -> tuple[bytes, bool, _Items]:
    """As `re` takes it, whether case is ignored, and what `re` reads in it."""
    translated, fold = _for_re(source)
    return translated, fold, _parsed(translated)


# -- the text -------------------------------------------------------------------------------------


def _for_re(source: bytes) -> tuple[bytes, bool]:
    """RE2's source as `re` takes it, with the same meaning; and whether case is ignored."""
    head = _HEAD.match(source)
    flags = head.group(1) if head else b""
    fold = b"i" in flags
    if fold and (not source.isascii() or rb"\x" in source):
        raise _Unproven
    out = bytearray(head.group() if head else b"")
    pos, inside, opened = len(out), False, 0
    while pos < len(source):
        byte = source[pos : pos + 1]
        if byte == b"\\":
            unit, size = _escape(source, pos, inside=inside)
            out += unit
            pos += size
            continue
        if inside:
            if byte == b"]" and pos > opened:
                inside = False
            elif byte in b"[&~|":
                byte = b"\\" + byte
            elif source.startswith(b"--", pos):
                raise _Unproven
        elif byte == b"[":
            inside = True
            negated = source.startswith(b"[^", pos)
            opened = pos + (2 if negated else 1)
            out += b"[^" if negated else b"["
            pos = opened
            if source.startswith(b"]", pos):
                out += rb"\]"
                pos += 1
            continue
        elif byte == b"$":
            byte = rb"\Z"
        elif source.startswith(b"(?", pos) and not _GROUP.match(source, pos):
            raise _Unproven
        out += byte
        pos += 1
    return bytes(out), fold


def _escape(source: bytes, pos: int, *, inside: bool) -> tuple[bytes, int]:
    unit = source[pos : pos + 2]
    if len(unit) < 2:
        raise _Unproven
    kind = unit[1]
    if kind == ord("s"):
        return (_SPACES if inside else b"[" + _SPACES + b"]"), 2
    if kind == ord("S") and not inside:
        return b"[^" + _SPACES + b"]", 2
    if kind == ord("z") and not inside:
        return rb"\Z", 2
    if kind == ord("x") and re.match(rb"\\x[0-9a-fA-F]{2}", source[pos : pos + 4]):
        return source[pos : pos + 4], 4
    if inside and kind in b"bA":
        raise _Unproven
    if kind in _ESCAPES or kind in _PUNCTUATION:
        return unit, 2
    raise _Unproven


# -- the tree -------------------------------------------------------------------------------------

_Items = list[tuple[object, Any]]


def _parsed(source: bytes) -> _Items:
    """What `re` reads in it. The module is not a public one: without it nothing is proven."""
    try:
        parser = cast("Any", importlib.import_module("re._parser"))
        return _items(parser.parse(source))
    except (ImportError, AttributeError) as error:
        raise _Unproven from error


def _items(tree: object) -> _Items:
    return cast("_Items", list(cast("Any", tree)))


class _Proof:
    """Walks the tree from its end; the bytes that may come next are the bits of an integer."""

    def __init__(self, *, fold: bool) -> None:
        self.gaps = 0
        """Choices over stretches that the next byte does not settle."""
        self.ways = 1
        """How many ways the other open choices leave, all together."""
        self._fold = fold
        self._firsts: dict[int, int] = {}

    def whole(self, items: _Items) -> bool:
        """Judge all of it; gives whether it is anchored.

        Raises:
            _Unproven: nothing can be said.
        """
        skip = self.opening(items)
        self._sequence(items[skip:], 0, looping=False)
        if self.gaps > MAX_GAPS or self.ways > MAX_WAYS:
            raise _Unproven
        return skip > 0

    def opening(self, items: _Items) -> int:
        """How many of its first parts only say that it is the beginning."""
        count = 0
        for kind, value in items:
            if str(kind) != "AT" or str(value) not in {"AT_BEGINNING", "AT_BEGINNING_STRING"}:
                break
            count += 1
        return count

    def _sequence(self, items: Sequence[tuple[object, Any]], after: int, *, looping: bool) -> int:
        for kind, value in reversed(items):
            after = self._one(str(kind), value, after, looping=looping)
        return after

    def _one(self, kind: str, value: Any, after: int, *, looping: bool) -> int:  # noqa: ANN401 -- a tree of many kinds
        match kind:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self._bytes(kind, value)
            case "AT":
                return _at(str(value), after)
            case "SUBPATTERN":
                number, on, off, body = value
                if on or off or (looping and number is not None):
                    raise _Unproven
                return self._sequence(_items(body), after, looping=looping)
            case "BRANCH":
                return self._branch([_items(one) for one in value[1]], after, looping=looping)
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, body = value
                return self._repeat(int(low), int(high), body, after, looping=looping)
            case _:
                raise _Unproven

    def _branch(self, branches: list[_Items], after: int, *, looping: bool) -> int:
        seen, open_choice = 0, False
        for branch in branches:
            first = self._sequence(branch, after, looping=looping)
            open_choice = open_choice or bool(first & seen)
            seen |= first
        if open_choice:
            self._leaves_open(len(branches), looping=looping)
        return seen

    def _repeat(self, low: int, high: int, body: object, after: int, *, looping: bool) -> int:
        items = _items(body)
        begin = self._first(body, items)
        if high > 1 and begin & _FOLLOW:
            raise _Unproven
        may_repeat = high > 1
        again = (begin & ~_FOLLOW) | after if may_repeat else after
        first = self._sequence(items, again, looping=looping or may_repeat)
        if low != high and first & after:
            if high - low > _MANY:
                self._leaves_open(None, looping=looping)
            else:
                self._leaves_open(high - low + 1, looping=looping)
        return first | after if low == 0 else first

    def _first(self, body: object, items: _Items) -> int:
        """What a repeated part may begin with; worked out once, else nesting would double it."""
        known = self._firsts.get(id(body))
        if known is None:
            probe = _Proof(fold=self._fold)
            probe._firsts = self._firsts
            known = self._firsts[id(body)] = probe._sequence(items, _FOLLOW, looping=False)
        return known

    def _leaves_open(self, ways: int | None, *, looping: bool) -> None:
        if looping:
            raise _Unproven
        if ways is None:
            self.gaps += 1
        else:
            self.ways *= ways

    def _bytes(self, kind: str, value: Any) -> int:  # noqa: ANN401 -- as above
        if kind == "ANY":
            return _ALL  # perhaps without the newline: to say too much is on the safe side
        if kind == "LITERAL":
            return self._folded(1 << value)
        if kind == "NOT_LITERAL":
            return _ALL & ~self._folded(1 << value)
        members, negated = 0, False
        for sort, what in value:
            match str(sort):
                case "NEGATE":
                    negated = True
                case "LITERAL":
                    members |= 1 << what
                case "RANGE":
                    members |= (1 << (what[1] + 1)) - (1 << what[0])
                case "CATEGORY":
                    members |= _category(str(what))
                case _:
                    raise _Unproven
        members = self._folded(members)
        return _ALL & ~members if negated else members

    def _folded(self, members: int) -> int:
        if not self._fold:
            return members
        upper, lower = _UPPER & members, _LOWER & members
        return members | upper << 32 | lower >> 32


def _at(where: str, after: int) -> int:
    if where in {"AT_END", "AT_END_STRING"}:
        return _END
    if where == "AT_BOUNDARY":
        return after
    raise _Unproven


def _mask(members: bytes) -> int:
    return sum(1 << byte for byte in members)


_UPPER = _mask(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = _UPPER << 32
_DIGITS = _mask(b"0123456789")
_WORD = _UPPER | _LOWER | _DIGITS | _mask(b"_")
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_NOT_DIGIT": _ALL & ~_DIGITS,
    "CATEGORY_WORD": _WORD,
    "CATEGORY_NOT_WORD": _ALL & ~_WORD,
}


def _category(name: str) -> int:
    if name not in _CATEGORIES:
        raise _Unproven
    return _CATEGORIES[name]
