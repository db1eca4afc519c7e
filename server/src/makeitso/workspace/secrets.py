"""API keys from the environment, and which values of it must never be shown or kept.

Only environment variables are read; no file that might hold a key is ever opened here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FALLBACK = "OPENAI_API_KEY"
MIN_LENGTH = 8
"""Shorter values would be found in ordinary text and black it out."""

_LOOKS_SECRET = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|COOKIE|_PAT\Z|\APAT\Z|_PWD\Z|DSN",
    re.IGNORECASE,
)
# Such names hold places or switches: SSH_AUTH_SOCK, XAUTHORITY, GOOGLE_…_FILE, KEYBOARD_LAYOUT.
_IS_PLACE = re.compile(
    r"_(SOCK|PATH|FILE|DIR|HOME|TYPE|LAYOUT|ENABLED|EXPIRES?(_AT)?)\Z|XAUTHORITY|\AKEYBOARD|KEYMAP",
    re.IGNORECASE,
)
_HEADERS = re.compile(r"\AOTEL_\w*_HEADERS\Z")
_URL_PASSWORD = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/@\s:]*:([^/@\s]+)@")


@dataclass(frozen=True)
class ApiKey:
    """A key and the variable it was found in; its text form never shows the value."""

    name: str
    value: str = field(repr=False)


def api_key(variable: str, *, environ: Mapping[str, str] | None = None) -> ApiKey | None:
    """The key in the named variable, else in OPENAI_API_KEY; None when both are unset or blank."""
    env = os.environ if environ is None else environ
    for name in (variable, FALLBACK):
        value = env.get(name, "").strip() if name else ""
        if value:
            return ApiKey(name, value)
    return None


def known_secrets(
    variables: Iterable[str] = (), *, environ: Mapping[str, str] | None = None
) -> frozenset[str]:
    """Values to redact wherever they appear.

    Those of the named variables and of all whose name looks secret, passwords inside URLs, headers
    for a collector, and of a value of several lines each long line too. None is shorter than
    `MIN_LENGTH`.

    Args:
        variables: names that hold keys whatever they look like (`api_key_env`).
        environ: the environment; None: this process's.
    """
    env = os.environ if environ is None else environ
    named = {FALLBACK, *variables}
    found: set[str] = set()
    for name, value in env.items():
        if name in named or (_LOOKS_SECRET.search(name) and not _IS_PLACE.search(name)):
            found.add(value.strip())
            if "\n" in value:
                found.update(line.strip() for line in value.splitlines() if len(line) >= 16)
        if _HEADERS.match(name):
            found.update(header.partition("=")[2].strip() for header in value.split(","))
        password = _URL_PASSWORD.match(value)
        if password:
            found.add(password[1])
    return frozenset(value for value in found if len(value) >= MIN_LENGTH)
