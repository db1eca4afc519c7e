"""Golden logs: output whose reading may not change, and what reads differently now.

A folder holds `NAME.log`, beside it, if somebody wrote it down, `NAME.jsonl`: the rows of
`mis parse --json NAME.log` that must come out. `NAME.md` holds cases as prose: fenced blocks
`input` with channel, nonce and `cut`, each with a block `expected`. The examples in the library are
a golden log, too: so each pattern guards its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

from makeitso.errors import StoreError
from makeitso.learning.gate import Golden
from makeitso.parsing.patterns import FIELDS
from makeitso.parsing.records import plain_json
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from makeitso.parsing.library import Library
    from makeitso.protocol.record import StreamChannel

MAX_BYTES = 8 << 20
"""A log is read up to here."""
_CASE = re.compile(
    r"````input channel=(stdout|stderr|message)(?: nonce=([0-9a-f]{32}))?( cut)?\n(.*?)````\n+"
    r"````expected\n(.*?)````",
    re.DOTALL,
)
_PICTURES = str.maketrans({"␛": "\x1b", "␍": "\r", "␇": "\x07", "␀": "\x00", "␈": "\x08"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenLog:
    """One log.

    Attributes:
        name: its file, for a person; of a case in prose with its number.
        log: its bytes.
        nonce: what makes control tokens real in it; None: base tokens do.
        expected: rows that must come out, as objects; None: nobody wrote them down.
        bare: the rows name all of a record, as in a case in prose; else what `mis parse` shows.
    """

    name: str
    log: Golden
    nonce: str | None = None
    expected: tuple[dict[str, object], ...] | None = None
    bare: bool = False


def read_golden(folder: Path) -> list[GoldenLog]:
    """All golden logs of a folder, by name; none where there is no folder.

    Raises:
        StoreError: one cannot be read, or its rows are no JSON.
    """
    found: list[GoldenLog] = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.suffix == ".md":
            found += _cases(path.name, _bytes(path).decode("utf-8", "replace"))
        elif path.suffix == ".log":
            rows = path.with_suffix(".jsonl")
            expected = _rows(rows.name, _bytes(rows).decode()) if rows.is_file() else None
            log = Golden(name=path.name, channel="stdout", data=_bytes(path))
            found.append(GoldenLog(name=path.name, log=log, expected=expected))
    return found


def examples_of(library: Library) -> Golden:
    """The examples of a library's patterns as one log."""
    lines = [e for p in library.patterns if not p.multiline for e in (*p.examples, "")]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return Golden(name="the examples of the library", channel="stdout", data=data)


def broken(logs: Iterable[GoldenLog], library: Library) -> list[str]:
    """Logs whose written rows do not come out of a library, each with the first that differs.

    A line that was not understood when the rows were written may be understood now.
    """
    found: list[str] = []
    for one in logs:
        if one.expected is None:
            continue
        parser = StreamParser(one.log.channel, library, nonce=one.nonce)
        items = [*parser.feed(one.log.data), *parser.close()]
        unknown = {_line_of(row) for row in one.expected if "pattern" not in row or _missed(row)}
        wanted = [_plain(row) for row in one.expected if row.get("pattern") and not _missed(row)]
        rows = [_read_row(item, bare=one.bare) for item in items if isinstance(item, Record)]
        kept = [row for row in rows if row in wanted or _line_of(row) not in unknown]
        for old, new in zip_longest(wanted, kept):
            if old != new:
                found.append(f"{one.name}: expected {_shown(old)}, read {_shown(new)}")
                break
    return found


def _missed(row: dict[str, object]) -> bool:
    return row.get("kind") == "miss"


def _line_of(row: dict[str, object]) -> object:
    return row.get("line", row.get("stream_line"))


def _plain(row: dict[str, object]) -> dict[str, object]:
    """A written row without what only names its file."""
    return {key: value for key, value in row.items() if key not in ("kind", "file", "channel")}


def _read_row(record: Record, *, bare: bool) -> dict[str, object]:
    """A record as the rows have it: whole, or as `mis parse` shows it."""
    whole = json.loads(json.dumps(plain_json(record)))
    if bare:
        return _plain(whole)
    fields = {name: whole[name] for name in FIELDS if name in whole}
    at = record.stream_line
    return {"pattern": record.pattern, "intent": record.intent, "line": at, "fields": fields}


def _shown(row: dict[str, object] | None) -> str:
    return "nothing" if row is None else json.dumps(row, ensure_ascii=False)


def _cases(name: str, text: str) -> Iterator[GoldenLog]:
    for number, case in enumerate(_CASE.finditer(text), 1):
        channel, nonce, cut, given, rows = case.groups()
        data = (given.removesuffix("\n") if cut else given).translate(_PICTURES).encode()
        label = f"{name} case {number}"
        log = Golden(name=label, channel=cast("StreamChannel", channel), data=data)
        yield GoldenLog(name=label, log=log, nonce=nonce, expected=_rows(label, rows), bare=True)


def _rows(name: str, text: str) -> tuple[dict[str, object], ...]:
    try:
        return tuple(json.loads(line) for line in text.splitlines() if line.strip())
    except ValueError as error:
        raise StoreError(f"{name}: a row that is no JSON", hint=f"Put it right: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror or error}", hint="Check the permissions there."
        ) from error
