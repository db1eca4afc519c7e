"""What becomes of proposals: written and let in as the mode says, and decided by a person."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from makeitso.errors import ConfigError, MisError, StateError
from makeitso.learning.gate import passed
from makeitso.parsing.engine import LIVE
from makeitso.parsing.explain import Explainer
from makeitso.protocol.methods_learn import ProposalItem
from makeitso.store.learning_history import kept_text, locked, rows, states
from makeitso.store.proposals import kept, path_of, read, state_of, write
from makeitso.tuning.applying import apply, change_of, record, recover
from makeitso.tuning.rechecking import looked_at_again, refuse_failing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from makeitso.learning.gate import Golden
    from makeitso.parsing.library import Library
    from makeitso.protocol.proposal import Proposal, ProposalRow
    from makeitso.store.proposals import Stored
    from makeitso.tuning.applying import Place

Mode = Literal["off", "shadow", "canary", "auto"]
MOST_NUMBERS = 50


@dataclass(slots=True, kw_only=True)
class Written:
    """What became of the proposals of a pass."""

    stored: list[Stored] = field(default_factory=list["Stored"])
    applied: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])


def write_all(place: Place, proposals: Iterable[Proposal], *, mode: Mode) -> Written:
    """Write proposals, and let in what the mode lets in without a person.

    One that was decided is not written again; one that a person edited is left as it is.

    Raises:
        TrustError: something is to be let in, and the person has not agreed to the library.
        StoreError: a file cannot be written.
    """
    done = Written()
    recover(place)
    for proposal in proposals:
        with locked(place.folder):
            stored = _write_one(place, proposal, done)
        if stored is None:
            continue
        done.stored.append(stored)
        if mode not in ("canary", "auto") or not passed(stored.proposal.gate):
            continue
        if mode == "canary":
            with locked(place.folder):
                if _state(place, stored.proposal.id) == "open":
                    record(place, stored.proposal.id, "canary", by="gate", because="it passes")
            continue
        try:
            apply(place, stored.proposal, by="gate", because="it passes, and nothing is risky")
            done.applied.append(stored.proposal.id)
        except ConfigError as error:
            done.refused.append(f"{stored.proposal.id}: {error.message}")
    return done


def _write_one(place: Place, proposal: Proposal, done: Written) -> Stored | None:
    history = rows(place.folder)
    known = states(history)
    for number in range(1, MOST_NUMBERS):
        name = proposal.id if number == 1 else f"{proposal.id[:57]}-{number}"
        there = _there(place, name)
        if there is None and name not in known:
            break
        state = state_of(name, known)
        same = there is not None and _says_the_same(there.proposal, proposal)
        if same and state in ("denied", "rolled-back"):
            done.refused.append(f"{name}: {_why(history, name) or state}")
            return None
        if same and state == "canary":
            return None
        if state == "open":
            last = [r.after for r in history if r.id == name and r.action == "proposed"]
            if there is not None and (not last or there.digest != last[-1]):
                done.refused.append(f"{name}: it was edited by hand and is left as it is")
                return None
            if there is not None and same:
                created = there.proposal.created_at
                proposal = proposal.model_copy(update={"created_at": created})
            break
    else:
        return None
    stored = write(place.folder, proposal.model_copy(update={"id": name}))
    if there is None or there.digest != stored.digest:
        record(place, name, "proposed", by="engine", after=stored.digest)
    return stored


def _there(place: Place, name: str) -> Stored | None:
    try:
        return read(path_of(place.folder, name))
    except MisError:
        return None


def _says_the_same(one: Proposal, other: Proposal) -> bool:
    if one.pattern is not None and other.pattern is not None:
        return one.pattern.regex == other.pattern.regex
    return one.prompt is not None and one.prompt == other.prompt


def _why(history: Sequence[ProposalRow], name: str) -> str:
    last = [r for r in history if r.id == name and r.action in ("denied", "rolled-back")]
    return (
        f"{last[-1].action} before{': ' if last[-1].because else ''}{last[-1].because}"
        if last
        else ""
    )


def supersede(place: Place, library: Library, *, but: Iterable[str] = ()) -> list[str]:
    """Close open proposals that say nothing new any more: the library explains their lines.

    Args:
        place: the workspace.
        library: the library now.
        but: ids that were just written.
    """
    engine = Explainer(library, live=LIVE)
    closed: list[str] = []
    if not place.folder.is_dir():
        return closed
    with locked(place.folder):
        known = states(rows(place.folder))
        for stored in kept(place.folder)[0]:
            one = stored.proposal
            if one.id in but or one.pattern is None or state_of(one.id, known) != "open":
                continue
            lines = one.pattern.examples
            if not one.replaces and lines and all(engine.line(e.encode()) for e in lines):
                record(place, one.id, "superseded", by="engine", because="all is explained now")
                closed.append(one.id)
    return closed


def decide(
    place: Place,
    stored: Stored,
    *,
    grant: bool,
    because: str,
    library: Library,
    golden: Sequence[Golden],
    clock: Callable[[], float],
) -> None:
    """A person lets a proposal in, or turns it down.

    Raises:
        StateError: it does not pass the gate, or was decided otherwise before.
        TrustError: the person has not agreed to the library as it is.
        ConfigError, UsageError, StoreError: the file cannot be changed.
    """
    name = stored.proposal.id
    recover(place)
    state = _state(place, name)
    if grant:
        if state == "applied":
            return
        findings = looked_at_again(stored.proposal, library=library, golden=golden, clock=clock)
        refuse_failing(stored.proposal, findings, person=True)
        apply(place, stored.proposal, by="person", because=because)
        return
    if state == "applied":
        raise StateError(
            f"{name} is applied", hint=f"Take it back with `mis learn --rollback {name}`."
        )
    with locked(place.folder):
        if _state(place, name) != "denied":
            record(place, name, "denied", by="person", because=because)


def item(
    place: Place, stored: Stored, history: Sequence[ProposalRow] | None = None
) -> ProposalItem:
    """A proposal with where it stands and what it changes, or changed."""
    history = rows(place.folder) if history is None else history
    state = state_of(stored.proposal.id, states(history))
    done = [r for r in history if r.id == stored.proposal.id and r.action == "applied"]
    try:
        if done:
            before, after = (kept_text(place.folder, d) for d in (done[-1].before, done[-1].after))
            diff = _diff(done[-1].file, before, after)
        else:
            change = change_of(place, stored.proposal)
            diff = _diff(change.file, change.before, change.after)
    except MisError as error:
        diff = f"{error.message}\n"
    return ProposalItem(proposal=stored.proposal, state=state, uri=stored.path.as_uri(), diff=diff)


def _state(place: Place, name: str) -> str:
    return state_of(name, states(rows(place.folder)))


def _diff(file: str, before: bytes | None, after: bytes | None) -> str:
    old, new = (
        (data or b"").decode("utf-8", "replace").splitlines(keepends=True)
        for data in (before, after)
    )
    names = ("/dev/null" if before is None else f"a/{file}", f"b/{file}")
    lines = difflib.unified_diff(old, new, names[0], names[1])
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
