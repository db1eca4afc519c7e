"""The file telemetry is kept in: one JSON object a line, append only, readable by its owner."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, cast

from makeitso.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE = "telemetry.jsonl"
"""Its name in the artifacts directory."""


def append(path: Path, values: list[object]) -> None:
    """Add lines with one write, so that those of several processes do not mix.

    Raises:
        StoreError: it cannot be written.
    """
    text = "".join(
        json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n" for value in values
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, text.encode("utf-8", "replace"))
        finally:
            os.close(file)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error}", hint="free some disk space") from error


def mend(path: Path) -> None:
    """End a last line that a full disk cut short, so that the next one stands for itself.

    Raises:
        StoreError: the file cannot be read or written.
    """
    try:
        with path.open("r+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error}", hint="check its permissions") from error


def last_seq(path: Path, run: str) -> int:
    """The newest journal event of a run that has a line; 0: none. Lines cut short are passed over.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return max(_seqs(file, run), default=0)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error}", hint="check its permissions") from error


def _seqs(lines: Iterable[bytes], run: str) -> Iterator[int]:
    for text in lines:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            found = cast("dict[str, object]", value)
            seq = found.get("seq")
            if found.get("run") == run and isinstance(seq, int):
                yield seq
