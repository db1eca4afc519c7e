"""The redactor: values that were registered never leave in clear, nor in a common encoding.

One redactor per run sits before the journal, output files and the console. A replacement names the
value and carries four hex digits of a keyed hash, so that two places with one secret can be told
to be the same without saying what it is.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import cast

from makeitso.policy.redact_known import KnownValues
from makeitso.policy.redact_lines import LineRules
from makeitso.policy.redact_variants import MIN_BYTES, lines_of, variants

_NOT_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class Redactor:
    """Knows secret values by name. Safe to share between streams of one thread."""

    def __init__(self, key: bytes) -> None:
        """Prepare.

        Args:
            key: random bytes of this run, at least 16; without it the four digits of a
                replacement would let a guess be checked.

        Raises:
            ValueError: the key is shorter.
        """
        if len(key) < 16:
            raise ValueError("the key needs at least 16 bytes")
        self._key = key
        self._replacements: dict[bytes, bytes] = {}
        self._known: KnownValues | None = None

    def register(self, name: str, value: str | bytes) -> bool:
        """Make a value known, in all its forms.

        Args:
            name: what replacements call it, e.g. the environment variable it came from.
            value: the secret.

        Returns:
            False when it is too short to be told from ordinary text; it is then not redacted.
        """
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        raw = raw.strip()
        if len(raw) < MIN_BYTES:
            return False
        mark = self._mark(name, raw)
        for part in (raw, *lines_of(raw)):
            for form in variants(part):
                self._replacements.setdefault(form, mark)
        self._known = None
        return True

    @property
    def known(self) -> KnownValues | None:
        """The automaton over everything registered so far; None while there is nothing."""
        if self._known is None and self._replacements:
            self._known = KnownValues(dict(self._replacements))
        return self._known

    def stream(self, *, rules: bool = True) -> RedactingStream:
        """A redactor for one byte stream.

        Args:
            rules: also mask what has the shape of a secret; output then comes in whole lines.
                False: known values only, and text is not held back longer than it must.
        """
        return RedactingStream(self, rules=rules)

    def data(self, data: bytes, *, rules: bool = True) -> bytes:
        """Complete bytes without the secrets."""
        stream = self.stream(rules=rules)
        return stream.feed(data) + stream.close()

    def text(self, text: str, *, rules: bool = True) -> str:
        """A complete text without the secrets."""
        encoded = text.encode("utf-8", "surrogatepass")
        clean = self.data(encoded, rules=rules)
        return text if clean == encoded else clean.decode("utf-8", "replace")

    def value(self, value: object, *, rules: bool = True) -> object:
        """A JSON-able value with every string in it redacted, keys too; tuples become lists."""
        if isinstance(value, str):
            return self.text(value, rules=rules)
        if isinstance(value, dict):
            table = cast("dict[object, object]", value)
            return {
                self.value(key, rules=rules): self.value(item, rules=rules)
                for key, item in table.items()
            }
        if isinstance(value, (list, tuple)):
            items = cast("list[object] | tuple[object, ...]", value)
            return [self.value(item, rules=rules) for item in items]
        return value

    def mask(self, kind: str, secret: bytes) -> bytes:
        """The replacement of a secret that was found by its shape."""
        return self._mark(kind, secret)

    def _mark(self, name: str, secret: bytes) -> bytes:
        digits = hmac.new(self._key, secret, sha256).hexdigest()[:4]
        return f"[REDACTED:{_NOT_NAME.sub('_', name) or 'secret'}:{digits}]".encode()


class RedactingStream:
    """One byte stream; what comes out does not depend on how it was cut into chunks."""

    def __init__(self, redactor: Redactor, *, rules: bool) -> None:
        self._redactor = redactor
        self._held = b""
        self._lines = LineRules(redactor.mask) if rules else None

    def feed(self, data: bytes) -> bytes:
        """Take bytes, give those that are safe; the rest is held back until more is known."""
        ready = self._known(data, last=False)
        return self._lines.feed(ready) if self._lines else ready

    def close(self) -> bytes:
        """End the stream, give the rest."""
        ready = self._known(b"", last=True)
        return self._lines.feed(ready) + self._lines.close() if self._lines else ready

    def _known(self, data: bytes, *, last: bool) -> bytes:
        known = self._redactor.known
        held, self._held = self._held + data, b""
        if known is None:
            return held
        ready, self._held = known.redact(held, last=last)
        return ready
