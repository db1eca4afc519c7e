"""A proposal let in, or taken back: one file replaced, so that a kill at any point leaves a whole.

The order is: both texts kept, the row that says what begins, the person's agreement carried over to
the new text, the file, the row that it is done. A process that was killed is made up for by whoever
comes next: the file holds the new text and only the last row is missing; or it holds the old one,
and what the person agreed to, which lies outside of the workspace, tells whether to go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.errors import ConfigError, MisError, StateError, StoreError, UsageError
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.proposal import ProposalRow
from makeitso.store.learning_history import (
    NO_TEXT,
    append,
    digest,
    keep_text,
    kept_text,
    locked,
    rows,
    states,
    unfinished,
)
from makeitso.store.proposals import state_of
from makeitso.tuning.library_edit import has_entry, with_entry, without_entry
from makeitso.workspace.atomic import replace_file
from makeitso.workspace.flushing import flush
from makeitso.workspace.paths import stays_inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.protocol.proposal import PatternEntry, Proposal

By = Literal["person", "gate", "canary", "engine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where proposals, library and prompts of a workspace lie, and who must agree to a change.

    Attributes:
        root: the workspace.
        folder: the proposals.
        library: the library's file, relative to the root.
        prompts: the prompts' directory, relative to the root.
        now: Unix seconds.
        agree: carries the person's agreement for a file, relative to the root, from one digest
            over to another, empty for no file; refuses where they did not agree to the first.
        agreed: the digest of a file that the person agreed to; None: to none.
        fault: called at durable steps.
    """

    root: Path
    folder: Path
    library: str
    prompts: str
    now: Callable[[], float]
    agree: Callable[[str, str, str], None]
    agreed: Callable[[str], str | None]
    fault: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file before and after; None: it is not there."""

    file: str
    before: bytes | None
    after: bytes | None


def change_of(place: Place, proposal: Proposal) -> Change:
    """What applying a proposal would do now.

    Raises:
        ConfigError: the file it changes cannot be read, or not be changed safely.
        StateError: the prompt it was made from is not the one that is there.
        UsageError: the file lies outside of the workspace.
    """
    if proposal.pattern is not None:
        before = _read(place, place.library)
        text = with_entry(_text(before, place.library), proposal.pattern, where=place.library)
        return Change(file=place.library, before=before, after=text.encode())
    if proposal.prompt is None:
        raise ConfigError(
            f"{proposal.id} changes nothing", hint="It needs a [[pattern]] or a [prompt]."
        )
    file = f"{place.prompts.rstrip('/')}/{proposal.prompt.name}.md"
    before = _read(place, file)
    now = packaged_text(f"prompts/{proposal.prompt.name}.md").encode() if before is None else before
    if digest(now) != proposal.prompt.base_digest:
        raise StateError(
            f"{proposal.prompt.name} is not the text that {proposal.id} was made from",
            hint="Turn it down; a new proposal is made from what is there now.",
        )
    return Change(file=file, before=before, after=proposal.prompt.text.encode())


def record(
    place: Place,
    name: str,
    action: Literal["proposed", "canary", "denied", "superseded", "rolled-back"],
    *,
    by: By,
    because: str = "",
    after: str = "",
) -> None:
    """Add a row about a proposal that changes no file. The caller holds the lock."""
    row = ProposalRow(at=place.now(), id=name, action=action, by=by, because=because, after=after)
    append(place.folder, row)


def apply(place: Place, proposal: Proposal, *, by: By, because: str = "") -> None:
    """Put a proposal into the file it changes; applied already, nothing happens.

    Raises:
        StateError: it was turned down or taken back, or the file changed meanwhile.
        TrustError: the person has not agreed to the file as it is.
        ConfigError, UsageError, StoreError: the file cannot be changed.
    """
    with locked(place.folder):
        _recover(place)
        state = state_of(proposal.id, states(rows(place.folder)))
        if state == "applied":
            return
        if state == "superseded":
            raise StateError(f"{proposal.id} is {state}", hint="`mis learn` proposes anew.")
        change = change_of(place, proposal)
        _carry_out(place, change, proposal.id, ("applying", "applied"), by=by, because=because)


def roll_back(place: Place, proposal: Proposal, *, by: By, because: str = "") -> bool:
    """Take an applied proposal back; whether the file is to the byte what it was before.

    Raises:
        StateError: it is not applied.
        TrustError: the person has not agreed to the file as it is.
        ConfigError, UsageError, StoreError: the file cannot be changed.
    """
    with locked(place.folder):
        _recover(place)
        history = rows(place.folder)
        state = state_of(proposal.id, states(history))
        if state != "applied":
            raise StateError(
                f"{proposal.id} is {state}, not applied", hint="`mis learn --history` lists all."
            )
        done = [row for row in history if row.id == proposal.id and row.action == "applied"][-1]
        if not _ours(place, done.file):
            raise StateError(f"{done.file} is no file of learning", hint="Undo it there by hand.")
        before, now = kept_text(place.folder, done.before), _read(place, done.file)
        exact = _name(now) == done.after
        after = before if exact else _cut_out(proposal, now, before, done)
        change = Change(file=done.file, before=now, after=after)
        steps = ("rolling-back", "rolled-back")
        said = because if exact else f"{because} (the file was edited since)".strip()
        _carry_out(place, change, proposal.id, steps, by=by, because=said)
        return exact


def recover(place: Place) -> None:
    """Make up for what a killed process began; nothing happens where nothing was.

    Raises:
        StoreError: it cannot be written.
    """
    if place.folder.is_dir() and unfinished(rows(place.folder)):
        with locked(place.folder):
            _recover(place)


def _recover(place: Place) -> None:
    for row in unfinished(rows(place.folder)):
        now = _name(_read(place, row.file)) if _ours(place, row.file) else None
        if now == row.before != row.after and place.agreed(row.file) == row.after:
            _write(place, row.file, kept_text(place.folder, row.after))
            now = row.after
        if now == row.after:
            if now == NO_TEXT and place.agreed(row.file) == row.before:
                place.agree(row.file, row.before, NO_TEXT)
            action = "applied" if row.action == "applying" else "rolled-back"
            append(place.folder, row.model_copy(update={"action": action, "at": place.now()}))
        else:
            why = "it had not begun" if now == row.before else "the file was changed meanwhile"
            append(place.folder, _given_up(place, row, why))


def _ours(place: Place, file: str) -> bool:
    """Whether a row, which is only data, names a file that learning may change."""
    return file == place.library or file.startswith(f"{place.prompts.rstrip('/')}/")


def _given_up(place: Place, row: ProposalRow, why: str) -> ProposalRow:
    said = {"action": "abandoned", "at": place.now(), "by": "engine", "because": why}
    return row.model_copy(update=said)


def _carry_out(
    place: Place,
    change: Change,
    name: str,
    steps: tuple[Literal["applying", "rolling-back"], Literal["applied", "rolled-back"]],
    *,
    by: By,
    because: str,
) -> None:
    before, after = keep_text(place.folder, change.before), keep_text(place.folder, change.after)
    row = ProposalRow(
        at=place.now(),
        id=name,
        action=steps[0],
        by=by,
        because=because,
        file=change.file,
        before=before,
        after=after,
    )
    append(place.folder, row)
    place.fault("learning.begun")
    try:
        if before != after:
            _replace(place, change, before, after)
    except MisError as error:
        if _name(_read(place, change.file)) != after:
            if place.agreed(change.file) == after != NO_TEXT:
                place.agree(change.file, after, before)
            append(place.folder, _given_up(place, row, error.message))
        raise
    append(place.folder, row.model_copy(update={"action": steps[1], "at": place.now()}))
    place.fault("learning.recorded")


def _replace(place: Place, change: Change, before: str, after: str) -> None:
    if after != NO_TEXT:
        place.agree(change.file, before, after)
        place.fault("learning.agreed")
    if _name(_read(place, change.file)) != before:
        raise StateError(f"{change.file} was changed meanwhile", hint="Try again.")
    _write(place, change.file, change.after)
    place.fault("learning.replaced")
    if after == NO_TEXT:
        place.agree(change.file, before, after)


def _cut_out(
    proposal: Proposal, now: bytes | None, before: bytes | None, done: ProposalRow
) -> bytes | None:
    """The file without what the proposal had put in, and with what was edited since."""
    if now is None:
        return None
    if proposal.pattern is None:
        raise StateError(
            f"{done.file} was edited since",
            hint="Undo it there by hand, or remove the file: the packaged prompt holds again.",
        )
    old = _text(before, done.file)
    text = _text(now, done.file)
    new = without_entry(text, proposal.pattern.name, before=old, where=done.file)
    return new.encode()


def holds(place: Place, entry: PatternEntry) -> bool:
    """Whether the workspace's library has just this entry.

    Raises:
        ConfigError: it cannot be read.
    """
    data = _read(place, place.library)
    return data is not None and has_entry(_text(data, place.library), entry, where=place.library)


def _read(place: Place, file: str) -> bytes | None:
    if not stays_inside(place.root, file):
        raise UsageError(
            f"{file} lies outside of the workspace",
            hint="Name a file below it in [learning] regex_repo and prompt_repo.",
        )
    try:
        return (place.root / file).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"{file} cannot be read: {error.strerror or error}", hint="Check the permissions there."
        ) from error


def _text(data: bytes | None, file: str) -> str:
    try:
        return (data or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8: {error}", hint="Save it as UTF-8.") from error


def _write(place: Place, file: str, data: bytes | None) -> None:
    path = place.root / file
    try:
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data)
        flush([path.parent])
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}", hint="Check the permissions there."
        ) from error


def _name(data: bytes | None) -> str:
    return NO_TEXT if data is None else digest(data)
