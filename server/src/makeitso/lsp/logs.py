"""Logging of the server: to stderr and, if wanted, a file; secrets masked before either.

Every message body passes pygls's logger at INFO, and parts of requests at lower levels: it is held
at WARNING. The one logger for wire errors is quiet, because our protocol answers and logs them.
"""

from __future__ import annotations

import logging
import secrets
import sys

from makeitso.policy.redaction import Redactor
from makeitso.workspace.secrets import known_secrets

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
NAMES = ("CODEX_API_KEY", "OPENAI_API_KEY")


class Masked(logging.Formatter):
    """One line a record: time, level, event, fields; known secrets and look-alikes masked."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Text of a record."""
        fields = " ".join(
            f"{name}={value!r}" for name, value in vars(record).items() if name not in _PLAIN
        )
        text = super().format(record)
        first, newline, rest = text.partition("\n")
        return self._redactor.text(f"{first} {fields}".rstrip() + newline + rest)


def configure(log_file: str | None) -> None:
    """Set up logging for the process."""
    redactor = Redactor(secrets.token_bytes(32))
    for value in sorted(known_secrets(NAMES)):
        redactor.register("secret", value)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if log_file:
        handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(Masked(redactor))
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("pygls").setLevel(logging.WARNING)
