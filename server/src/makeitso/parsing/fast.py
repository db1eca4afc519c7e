"""The first stage by Hyperscan, where somebody has installed and chosen it; the same matches.

It takes seconds to compile many expressions, so what it made of them is kept by whoever switches it
on. Expressions it does not take, and those that see short lines only, stay with RE2.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
from typing import TYPE_CHECKING, Any, Protocol, cast

from makeitso.parsing.safe import for_hyperscan
from makeitso.parsing.sets import PatternSet, heavy_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

EXTRA = "pip install 'makeitso-codex[fast]'"
_FORMAT = b"1"


class Databases(Protocol):
    """Where compiled expressions are kept."""

    def get(self, key: str, /) -> bytes | None:
        """What was kept under a key of 64 hex digits."""
        ...

    def put(self, key: str, data: bytes, /) -> None:
        """Keep it; where that cannot be, it is compiled again another time."""
        ...


class _Choice:
    """What this process matches with."""

    databases: Databases | None = None


def switch_on(databases: Databases | None) -> None:
    """From now on engines are made with Hyperscan; None: with RE2. What is made stays as it is."""
    _Choice.databases = databases


def version() -> str | None:
    """Version of Hyperscan's module; None: not installed, or broken."""
    module = _module()
    return None if module is None else str(module.__version__)


def pattern_set(sources: Sequence[bytes]) -> PatternSet | FastSet:
    """The set of these expressions, by what was chosen.

    Raises:
        PatternError: RE2 refuses one.
    """
    databases, module = _Choice.databases, _module()
    if databases is None or module is None or not sources:
        return PatternSet(sources)
    return FastSet(sources, databases, module)


class FastSet:
    """Expressions in one order, tested at once."""

    __slots__ = ("_found", "_lock", "_rest", "_rest_of", "_scan", "_slow", "_sources")

    def __init__(self, sources: Sequence[bytes], databases: Databases, module: Any) -> None:  # noqa: ANN401 -- an untyped extension
        self._sources = tuple(sources)
        self._found: list[int] = []
        self._lock = threading.Lock()
        self._slow: PatternSet | None = None
        members, database = _database(self._sources, databases, module)
        self._scan = None if database is None else database.scan
        known = set(members)
        self._rest_of = [n for n in range(len(sources)) if n not in known]
        self._rest = PatternSet([sources[n] for n in self._rest_of])

    def ids(self, data: bytes) -> list[int]:
        """Indexes of the expressions that match somewhere in `data`, ascending."""
        if not data or self._scan is None:
            # Of nothing at all Hyperscan says nothing.
            if self._slow is None:
                self._slow = PatternSet(self._sources)
            return self._slow.ids(data)
        # Its scratch space is for one scan at a time.
        with self._lock:
            found = self._found = []
            self._scan(data, self._take)
        if self._rest_of:
            found += [self._rest_of[n] for n in self._rest.ids(data)]
        return sorted(found) if len(found) > 1 else found

    def _take(self, index: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        self._found.append(index)


def _module() -> Any:  # noqa: ANN401 -- an untyped extension
    # By name, for the extra may not be installed where types are checked.
    try:
        return cast("Any", importlib.import_module("hyperscan"))
    except (ImportError, OSError):
        return None


def _database(
    sources: tuple[bytes, ...],
    databases: Databases,
    module: Any,  # noqa: ANN401 -- as above
) -> tuple[list[int], Any]:
    """Indexes of the expressions that Hyperscan takes, and its database; None: it takes none."""
    key = hashlib.sha256(
        b"\0".join((_FORMAT, str(module.__version__).encode(), *sources))
    ).hexdigest()
    kept = _read(databases.get(key), module)
    if kept is not None:
        return kept
    wanted = {n: text for n, one in enumerate(sources) if (text := _text(one)) is not None}
    members, database = _compiled(wanted, module)
    if database is not None:
        databases.put(key, _sealed(members, bytes(module.dumpb(database))))
    return members, database


def _text(source: bytes) -> bytes | None:
    return None if heavy_limit(source) is not None else for_hyperscan(source)


def _compiled(wanted: dict[int, bytes], module: Any) -> tuple[list[int], Any]:  # noqa: ANN401 -- as above
    """All at once; when it refuses, without those that it refuses alone."""
    if not wanted:
        return [], None
    try:
        return list(wanted), _compile(wanted, module)
    except module.error:
        taken = {n: text for n, text in wanted.items() if _takes(text, module)}
    if not taken or len(taken) == len(wanted):
        return [], None
    try:
        return list(taken), _compile(taken, module)
    except module.error:
        return [], None


def _takes(text: bytes, module: Any) -> bool:  # noqa: ANN401 -- as above
    try:
        _compile({0: text}, module)
    except module.error:
        return False
    return True


def _compile(wanted: dict[int, bytes], module: Any) -> Any:  # noqa: ANN401 -- as above
    database = module.Database(mode=module.HS_MODE_BLOCK)
    flags = module.HS_FLAG_SINGLEMATCH | module.HS_FLAG_ALLOWEMPTY
    database.compile(
        expressions=list(wanted.values()),
        ids=list(wanted),
        elements=len(wanted),
        flags=[flags] * len(wanted),
    )
    return database


def _sealed(members: list[int], database: bytes) -> bytes:
    body = json.dumps(members).encode() + b"\n" + database
    return hashlib.sha256(body).digest() + body


def _read(data: bytes | None, module: Any) -> tuple[list[int], Any] | None:  # noqa: ANN401 -- as above
    """What was kept, when it is whole and made for this machine."""
    if data is None or hashlib.sha256(data[32:]).digest() != data[:32]:
        return None
    head, _, body = data[32:].partition(b"\n")
    try:
        database = module.loadb(body, module.HS_MODE_BLOCK)
        # A database that was loaded has no scratch space yet; a scan without one ends the process.
        database.scratch = module.Scratch(database)
    except module.error:
        return None
    return [int(n) for n in json.loads(head)], database
