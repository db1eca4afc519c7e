"""Reads the lock files: which packages of which versions they name."""

from __future__ import annotations

import re
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Package to version of one lock file, by its stem; names are normalised."""
    text = (REQUIREMENTS / f"{name}.txt").read_text("utf-8")
    return {normal(found["name"]): found["version"] for found in _PIN.finditer(text)}


def normal(name: str) -> str:
    """A package name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
