"""What output is read with, kept beside the replays by its digest until the run's end needs it.

A run may be taken up by a later version with other patterns: what each session was read with is
written down when the session begins.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from makeitso.parsing.library import Library, load_library
from makeitso.parsing.library_text import acting, library_text
from makeitso.protocol.plan import Delimiters
from makeitso.store.outputs import keep

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = "readings"
MAX_BYTES = 8 << 20
"""A library larger than this is none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the output of a session was read with.

    Attributes:
        digest: SHA-256 of all of it, hex; its name in a replay and in the journal.
        library: digest of the pattern library, `Library.digest()` of its acting patterns.
        text: that library as a TOML file; loaded again it has the same digest.
        delimiters: control tokens.
        phases: words a START may name a phase by.
    """

    digest: str
    library: str
    text: str
    delimiters: Delimiters
    phases: Mapping[str, str]

    def patterns(self) -> Library:
        """The library, loaded."""
        return _loaded(self.text)


def reading_of(library: Library, delimiters: Delimiters, phases: Mapping[str, str]) -> Reading:
    """Everything that decides how output is read, as one; what is on trial decides nothing."""
    return reading(*_acting(library), delimiters, phases)


def reading(text: str, library: str, delimiters: Delimiters, phases: Mapping[str, str]) -> Reading:
    """The same, of a library's text."""
    return Reading(
        digest=hashlib.sha256(_canonical(text, library, delimiters, phases)).hexdigest(),
        library=library,
        text=text,
        delimiters=delimiters,
        phases=dict(phases),
    )


def note(folder: Path, one: Reading) -> None:
    """Write it down, unless it is there; used again it counts as new.

    Raises:
        StoreError: the disk is full or broken.
    """
    path = _path(folder, one.digest)
    with contextlib.suppress(OSError):
        os.utime(path)
        return
    data = _canonical(one.text, one.library, one.delimiters, one.phases)
    keep(folder, f"{FOLDER}/{one.digest}.json", data, flushed=False)


def noted(folder: Path, digest: str) -> Reading | None:
    """What was written down under a digest; None: it is not there, or not that any more."""
    try:
        with _path(folder, digest).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != digest:
        return None
    try:
        text, library, delimiters, phases = _FORM.validate_json(data)
    except ValidationError:
        return None
    return reading(text, library, delimiters, phases)


def noted_all(folder: Path) -> list[Path]:
    """The files of all that is written down."""
    try:
        return sorted(path for path in (folder / FOLDER).iterdir() if path.suffix == ".json")
    except OSError:
        return []


_FORM = TypeAdapter[tuple[str, str, Delimiters, dict[str, str]]](
    tuple[str, str, Delimiters, dict[str, str]]
)


def _path(folder: Path, digest: str) -> Path:
    return folder / FOLDER / f"{digest}.json"


def _canonical(text: str, library: str, delimiters: Delimiters, phases: Mapping[str, str]) -> bytes:
    form = [text, library, delimiters.model_dump(by_alias=True), dict(sorted(phases.items()))]
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=8)
def _acting(library: Library) -> tuple[str, str]:
    acts = acting(library)
    return library_text(acts), acts.digest()


@lru_cache(maxsize=8)
def _loaded(text: str) -> Library:
    return load_library(text, origin="replay")[0]
