"""Reading logs for `mis parse`: piece by piece, with a hand on how far it is."""

from __future__ import annotations

import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from makeitso.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

PIECE_BYTES = 64 << 10
LONG_BYTES = 8 << 20
"""From this size on a person is shown how far it is."""
_SHOW_EVERY_S = 0.2
_COMPRESSED = {
    b"\x1f\x8b": "gzip -dc",
    b"\x28\xb5\x2f\xfd": "zstd -dc",
    b"\xfd7zXZ\x00": "xz -dc",
    b"BZh": "bzip2 -dc",
}
STDIN = "-"


def pieces(name: str) -> Iterator[bytes]:
    """The bytes of a file, or of stdin, as they come.

    Raises:
        UserError: it cannot be read, or is compressed.
    """
    with _opened(name) as (file, size):
        shown = _Progress(name, size)
        try:
            first = True
            while piece := file.read(PIECE_BYTES):
                if first:
                    _refuse_compressed(name, piece)
                    first = False
                yield piece
                shown.add(len(piece))
        except OSError as error:
            raise _unreadable(name, error) from error
        finally:
            shown.end()


def whole(path: Path) -> bytes:
    """All of a small file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(str(path), error) from error


@contextmanager
def _opened(name: str) -> Generator[tuple[BinaryIO, int]]:
    if name == STDIN:
        # Unbuffered: a line that has come is shown, though the writer goes on.
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as file:
            yield file, 0
        return
    try:
        with Path(name).open("rb", buffering=0) as file:
            about = Path(name).stat()
            yield file, about.st_size if stat.S_ISREG(about.st_mode) else 0
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> UserError:
    return UserError(
        f"{name} cannot be read: {error.strerror or error}", hint="Name files, or - for stdin."
    )


def _refuse_compressed(name: str, piece: bytes) -> None:
    for mark, command in _COMPRESSED.items():
        if piece.startswith(mark):
            raise UserError(
                f"{name} is compressed", hint=f"Unpack it first: {command} {name} | mis parse -"
            )


class _Progress:
    """A line on the terminal that says how much of a long file is done; nothing in a pipe."""

    def __init__(self, name: str, size: int) -> None:
        # Where the result goes to the same terminal, it says itself how far it is.
        alone = sys.stderr.isatty() and not sys.stdout.isatty()
        self._name, self._size = Path(name).name, size if alone and size >= LONG_BYTES else 0
        self._done, self._next = 0, 0.0

    def add(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if self._size and now >= self._next:
            self._next = now + _SHOW_EVERY_S
            part = min(100, self._done * 100 // self._size)
            sys.stderr.write(f"\r{self._name!a}: {part} %")
            sys.stderr.flush()

    def end(self) -> None:
        if self._size and self._next:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
