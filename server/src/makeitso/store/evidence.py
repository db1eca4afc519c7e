"""Whether the files the journal points into are still what it says of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
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
class Rest:
    """Bytes of a file that no event points to."""

    path: str
    """The file, relative to the artifacts directory."""
    offset: int
    length_bytes: int
    why: Literal["added", "going on", "crash"]
    """added: nothing of ours left them there; going on: their run is under way, and they are
    recorded when a turn or a check ends; crash: what recorded them was killed before it could."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found."""

    stretches: int
    """Stretches looked at."""
    broken: tuple[Broken, ...]
    """In the order of the journal."""
    rests: tuple[Rest, ...]
    """By path; behind the last stretch of a file, or between two of them."""
    removed: tuple[str, ...]
    """Runs whose whole directory is gone, as after a clean-up; nothing of them is looked at."""

    @property
    def added(self) -> tuple[Rest, ...]:
        """What nothing of ours left behind."""
        return tuple(rest for rest in self.rests if rest.why == "added")

    @property
    def whole(self) -> bool:
        """Whether all is as it was recorded, and nothing is there that could not be."""
        return not self.broken and not self.added


def examine(root: Path, events: Iterable[ev.Event]) -> Evidence:
    """Read every file the events point into, compare digests, and look for what is in it besides.

    Output files grow, and each stretch of them is compared. A file that was kept as a whole again
    begins at 0 again: what it held before is gone, and only the latest counts.

    Args:
        root: the artifacts directory.
        events: the events, in order.
    """
    looked: dict[tuple[str, int], tuple[ev.Event, ev.OutputRef]] = {}
    stories: dict[str, _Story] = {}
    for event in events:
        if event.run is not None:
            stories.setdefault(event.run, _Story()).take(event)
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
    rests = _rests(root, stories, [pair for pair in looked.values() if pair[0].run not in removed])
    return Evidence(
        stretches=count,
        broken=tuple(sorted(broken, key=lambda found: found.seq)),
        rests=tuple(rests),
        removed=tuple(sorted(removed)),
    )


@dataclass
class _Story:
    """What of a run tells whether bytes may be there that nobody recorded."""

    going: bool = False
    """It is under way, or was when the process that drove it was killed."""
    crashed: int = 0
    """The event by which it was taken up after the last such end; 0: it never was."""
    over: dict[str, int] = field(default_factory=dict[str, int])
    """When its tasks ended."""

    def take(self, event: ev.Event) -> None:
        match event.data:
            case ev.RunCreated() | ev.ReviewOpened():
                self.going = True
            case ev.RunResumed():
                self.crashed = event.seq if self.going else self.crashed
                self.going = True
            case ev.RunPaused() | ev.RunFinished():
                self.going = False
            case ev.TaskEnded() if event.task is not None:
                self.over[event.task] = event.seq
            case _:
                pass

    def why(self, path: str, recorded: int) -> Literal["added", "going on", "crash"]:
        """Why bytes may follow what an event recorded last of a file; 0: nothing was."""
        if self.going:
            return "going on"
        _, _, below = path.partition("/")
        over = self.over.get(below.partition("/")[0], self.crashed + 1)
        return "crash" if recorded < self.crashed < over else "added"


def _rests(
    root: Path, stories: dict[str, _Story], looked: list[tuple[ev.Event, ev.OutputRef]]
) -> Iterator[Rest]:
    """Bytes that no stretch covers, of files pointed into and of other output files there."""
    stretches: dict[str, list[tuple[int, int, int]]] = {}
    for run in stories:
        for path in (root / run).glob("*/*/*.log"):
            stretches[path.relative_to(root).as_posix()] = []
    for event, ref in looked:
        end = ref.offset + ref.length_bytes
        stretches.setdefault(ref.path, []).append((ref.offset, end, event.seq))
    for path, parts in sorted(stretches.items()):
        try:
            size = (root / path).stat().st_size
        except OSError:
            continue  # said to be gone already
        end = recorded = 0
        for first, last, seq in sorted(parts):
            if first > end:
                # The size was where the next stretch began: whatever it was, it was there by then.
                yield Rest(path=path, offset=end, length_bytes=first - end, why="crash")
            end, recorded = max(end, last), max(recorded, seq)
        if size > end:
            why = stories.get(path.partition("/")[0], _Story()).why(path, recorded)
            yield Rest(path=path, offset=end, length_bytes=size - end, why=why)


def _references(data: ev.EventData) -> Iterator[ev.OutputRef]:
    """Where an event points to."""
    match data:
        case ev.TurnStarted(prompt=prompt) if prompt is not None:
            yield prompt
        case ev.TurnEnded(outputs=outputs) | ev.WorkerEnded(outputs=outputs):
            yield from outputs
        case ev.CheckRan(output=output) | ev.WaitLooked(output=output) if output is not None:
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
