"""Bytes to message bodies: the header part of the base protocol, without any IO."""

from __future__ import annotations

import re

MAX_BODY_BYTES = 256 * 1024 * 1024
"""A longer message is a broken peer, not a message."""
MAX_HEADER_BYTES = 64 * 1024

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d+)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")


class FramingError(Exception):
    """The peer does not speak the base protocol; nothing after this point can be understood."""


class Decoder:
    """Collects bytes; what comes out does not depend on how they were cut.

    Header names are matched without regard to case, and a missing CR is forgiven.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._wanted: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes, give the bodies that are complete.

        Raises:
            FramingError: a header without a length, or one out of bounds.
        """
        self._held += data
        bodies: list[bytes] = []
        while (body := self._next()) is not None:
            bodies.append(body)
        return bodies

    def _next(self) -> bytes | None:
        if self._wanted is None:
            end = _END.search(self._held)
            if end is None:
                if len(self._held) > MAX_HEADER_BYTES:
                    raise FramingError("the header of a message never ends")
                return None
            header = bytes(self._held[: end.start()]).replace(b"\r\n", b"\n")
            length = _LENGTH.search(header)
            if length is None:
                raise FramingError("a message has no Content-Length")
            self._wanted = int(length[1])
            if self._wanted > MAX_BODY_BYTES:
                raise FramingError(f"a message of {self._wanted} bytes")
            del self._held[: end.end()]
        if len(self._held) < self._wanted:
            return None
        body = bytes(self._held[: self._wanted])
        del self._held[: self._wanted]
        self._wanted = None
        return body
