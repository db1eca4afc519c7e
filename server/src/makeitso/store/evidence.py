"""Whether the files the journal points into are still what it says of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A stretch of a file that is not what the journal recorded."""

    seq: int
    """The event that points to it."""
    path: str
    """The file, relative to the artifacts directory."""
    state: Literal["gone", "cut", "changed"]
    """cut: the file ends before the stretch does."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found."""

    stretches: int
    """Stretches looked at."""
    broken: tuple[Broken, ...]
    """In the order of the journal."""
    removed: tuple[str, ...]
    """Runs whose whole directory is gone, as after a clean-up; nothing of them is looked at."""


def examine(root: Path, events: Iterable[ev.Event]) -> Evidence:
    """Read every file the events point into and compare digests.

    Output files grow, and each stretch of them is compared. A file that was kept as a whole again
    begins at 0 again: what it held before is gone, and only the latest counts.

    Args:
        root: the artifacts directory.
        events: the events, in order.
    """
    looked: dict[tuple[str, int], tuple[ev.Event, ev.OutputRef]] = {}
    for event in events:
        for ref in _references(event.data):
            looked[ref.path, ref.offset] = (event, ref)
    removed = {
        run
        for run in {event.run for event, _ in looked.values() if event.run is not None}
        if not (root / run).is_dir()
    }
    broken: list[Broken] = []
    count = 0
    for event, ref in looked.values():
        if event.run in removed:
            continue
        count += 1
        state = _state(root / ref.path, ref)
        if state is not None:
            broken.append(Broken(seq=event.seq, path=ref.path, state=state))
    return Evidence(
        stretches=count,
        broken=tuple(sorted(broken, key=lambda found: found.seq)),
        removed=tuple(sorted(removed)),
    )


def _references(data: ev.EventData) -> Iterator[ev.OutputRef]:
    """Where an event points to."""
    match data:
        case ev.TurnStarted(prompt=prompt) if prompt is not None:
            yield prompt
        case ev.TurnEnded(outputs=outputs):
            yield from outputs
        case ev.CheckRan(output=output) if output is not None:
            yield output
        case ev.ArtifactCaptured() as kept:
            yield ev.OutputRef(
                path=kept.path, offset=0, length_bytes=kept.size_bytes, digest=kept.digest
            )
        case _:
            pass


def _state(path: Path, ref: ev.OutputRef) -> Literal["gone", "cut", "changed"] | None:
    digest, left = hashlib.sha256(), ref.length_bytes
    try:
        with path.open("rb") as file:
            file.seek(ref.offset)
            while left and (data := file.read(min(left, _CHUNK_BYTES))):
                digest.update(data)
                left -= len(data)
    except OSError:
        return "gone"
    if left:
        return "cut"
    return None if digest.hexdigest() == ref.digest else "changed"
