"""Marks, edits, landings and undos in any order, beside git: nothing is lost, nothing invented.

Usage: `python interleaved.py DIRECTORY [STEPS [SEED]]`: that many random steps, then what was done.

Each step is checked against a model kept here: `git apply` of the hunks that landed, on what the
person had, in a repository of the same flavour: line ends, encodings, idents, filters. Where git
refuses, a conflict must be reported and the file must be as it was.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import git_sandbox
from landing.flavours import FLAVOURS, PLAIN, Flavour, proposal, refused_as_well, repository
from landing.landing_place import hunks_of
from makeitso.review import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from landing.git_workspace import Work
    from makeitso.protocol.change import Change, Hunk, Landing
    from makeitso.protocol.words import HunkState, LandTarget

TARGETS: tuple[LandTarget, ...] = ("files", "index", "commit", "branch")
Look = dict[str, tuple[str, bytes]]
"""Each file with its mode and bytes; of a link where it points."""


@dataclass
class Machine:
    """One workspace with one change, and what was done to it."""

    here: Work
    change: Change
    dice: random.Random
    flavour: Flavour = PLAIN
    states: dict[str, HunkState] = field(default_factory=dict["str", "HunkState"])
    landings: list[tuple[Landing, set[str]]] = field(
        default_factory=list["tuple[Landing, set[str]]"]
    )
    done: Counter[str] = field(default_factory=Counter[str])

    def look(self) -> Look:
        """Every file of the person."""
        found: Look = {}
        for path in sorted(self.here.root.rglob("*")):
            name = path.relative_to(self.here.root)
            if name.parts[0] in (".git", ".makeitso"):
                continue
            if path.is_symlink():
                found[name.as_posix()] = ("link", os.fsencode(path.readlink()))
            elif path.is_file():
                mode = "executable" if os.access(path, os.X_OK) else "plain"
                found[name.as_posix()] = (mode, path.read_bytes())
        return found

    def differing(self) -> set[str]:
        """Paths whose file is not what is staged, as git sees it."""
        out = self.here.box.git("diff", "--name-only", "-z", "--ignore-submodules")
        return {os.fsdecode(name) for name in out.split(b"\0") if name}

    @property
    def refused(self) -> set[str]:
        """Links and submodules: they never land, whoever accepts them."""
        return {hunk.id for hunk in marks.all_hunks(self.change) if hunk.state == "refused"}

    def step(self) -> None:
        kinds: list[Callable[[], None]] = [self.mark, self.mark, self.edit, self.land, self.undo]
        self.dice.choice(kinds)()
        assert not (self.here.root / ".git/index.lock").exists()

    def mark(self) -> None:
        """Accept or reject some hunks that have not landed."""
        able = [h.id for h in marks.all_hunks(self.change) if self.states[h.id] != "landed"]
        before = self.look()
        for name in self.dice.sample(able, min(len(able), self.dice.randint(1, 8))):
            self.states[name] = self.dice.choice(["accepted", "accepted", "rejected", "pending"])
        assert self.look() == before
        self.done["marks"] += 1

    def edit(self) -> None:
        """The person writes, puts in or takes out a line somewhere; sometimes where a hunk is."""
        shown = {path: self.flavour.lines(path, data) for path, (_, data) in self.look().items()}
        paths = [path for path, lines in shown.items() if len(lines) > 50]
        if not paths:
            return
        path = self.dice.choice(paths)
        lines = shown[path]
        at = self.dice.choice([1, 14, 34, 55, 4, 24, 44])
        if at < len(lines) - 1:
            end = lines[at][len(lines[at].rstrip(b"\r\n")) :]
            mine = [f"mine {self.dice.randint(0, 99)}".encode() + end]
            lines[at : at + self.dice.choice([0, 1, 1, 2])] = mine
        (self.here.root / path).write_bytes(self.flavour.joined(path, lines))
        self.done["edits"] += 1

    def land(self) -> None:
        """Land what is accepted; what git would apply must land the same, or be in conflict."""
        ids = {name for name, state in self.states.items() if state == "accepted"} - self.refused
        if not ids:
            return
        for hunk in marks.held(marks.with_states(self.change, self.states)):
            self.states[hunk.id] = "rejected"  # else the task is held as a whole
        target = self.dice.choice(TARGETS)
        before, differed = self.look(), self.differing()
        # What a person has not staged in a file goes with it to its new name.
        differed |= {file.path for file in self.change.files if file.origin in differed}
        landing = self.here.land(marks.with_states(self.change, self.states), target, ids=None)
        assert set(landing.landed) | set(landing.conflicts) == ids
        assert not set(landing.landed) & set(landing.conflicts)
        after = self.look()
        touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        assert touched <= set(landing.files), "a file changed that was not said to"
        if target == "branch":
            assert not touched, "what is checked out is not touched"
        else:
            self.compare(before, after, landing)
        if target in ("index", "commit"):
            assert self.differing() <= differed, "what landed is not in the index as in the file"
        for name in landing.landed:
            self.states[name] = "landed"
        for name in landing.conflicts:
            self.states[name] = "pending"
        self.landings.append((landing, set(landing.landed)))
        self.done[f"landed in {target}"] += bool(landing.landed)
        self.done["conflicts"] += bool(landing.conflicts)

    def compare(self, before: Look, after: Look, landing: Landing) -> None:
        """Hold each file against `git apply` of the hunks that landed in it."""
        for path in {hunk.path for hunk in self.landed_in(landing)}:
            hunks = [hunk for hunk in hunks_of(self.change, path) if hunk.id in landing.landed]
            if any(hunk.kind != "text" for hunk in hunks) or path not in before:
                continue
            applied = self.apply(path, before[path][1], hunks)
            if applied is not None and after[path][1] != before[path][1]:
                assert after[path][1] == applied, (path, after[path], applied, before[path])
                self.done["as git apply"] += 1

    def landed_in(self, landing: Landing) -> list[Hunk]:
        return [hunk for hunk in marks.all_hunks(self.change) if hunk.id in landing.landed]

    def apply(self, path: str, data: bytes, hunks: list[Hunk]) -> bytes | None:
        """What `git apply` makes of a file and hunks, as it lies there; None: it refuses."""
        aside = self.here.root.parent / f"{self.here.root.name} aside"
        if not aside.exists():
            self.flavour.tell(git_sandbox.make(aside))
        box = git_sandbox.Sandbox(aside)
        target = box.write(path, data)
        patch = f"--- a/{path}\t\n+++ b/{path}\t\n" + "".join(hunk.diff for hunk in hunks)
        box.write("patch", patch.encode("utf-8", "surrogateescape"))
        try:
            box.git("apply", "--whitespace=nowarn", "patch")
        except AssertionError:
            return None
        return target.read_bytes()

    def undo(self) -> None:
        """Take a landing back; at once, every byte comes back; later, edits since stay."""
        standing = [item for item in self.landings if item[1]]
        if not standing:
            return
        landing, left = standing[-1] if self.dice.random() < 0.7 else self.dice.choice(standing)
        before = self.look()
        undone = self.here.undo(landing, self.change, standing=left)
        after = self.look()
        touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        assert touched <= set(undone.files)
        assert not touched & set(undone.conflicts), "what conflicts is not touched"
        for path in touched & set(before) & set(after):
            there, kept = (self.flavour.lines(path, look[path][1]) for look in (before, after))
            mine = [line for line in there if line.startswith(b"mine")]
            assert all(line in kept for line in mine), "an edit of the person is lost"
        for name in undone.hunks:
            assert self.states[name] == "landed"
            self.states[name] = "pending"
        left.difference_update(undone.hunks)
        self.done["undone"] += bool(undone.hunks)
        self.done["kept from undo"] += bool(undone.conflicts)

    def there_and_back(self) -> None:
        """Landed and taken back at once, everything is as it was, to the byte."""
        ids = {name for name, state in self.states.items() if state != "landed"} - self.refused
        if not ids:
            return
        chosen = self.dice.sample(sorted(ids), self.dice.randint(1, len(ids)))
        states: dict[str, HunkState] = {
            name: "accepted" if name in chosen else state if state == "landed" else "rejected"
            for name, state in self.states.items()
        }
        before, staged = self.look(), self.here.box.git("ls-files", "--stage")
        target = self.dice.choice(TARGETS)
        landing = self.here.land(marks.with_states(self.change, states), target, ids=None)
        undone = self.here.undo(landing, self.change)
        assert undone.conflicts == {}
        assert set(undone.hunks) == set(landing.landed)
        assert self.look() == before
        assert self.here.box.git("ls-files", "--stage") == staged
        self.done["there and back"] += 1


def machine(directory: Path, seed: int, flavour: Flavour = PLAIN) -> Machine:
    here = repository(directory, flavour)
    change = here.change(proposal(flavour), executable="empty.txt")
    change = here.between(change.base_tree, refused_as_well(here, change.tree))
    states: dict[str, HunkState] = {hunk.id: "pending" for hunk in marks.all_hunks(change)}
    return Machine(here, change, random.Random(seed), flavour, states)


def play(
    directory: Path,
    *,
    steps: int,
    seed: int,
    each: int = 40,
    flavours: Sequence[Flavour] = FLAVOURS,
) -> Counter[str]:
    """Random steps, in a workspace of the next flavour every so many; returns what was done."""
    done = Counter[str]()
    for number, first in enumerate(range(0, steps, each)):
        flavour = flavours[number % len(flavours)]
        one = machine(directory / f"{number}", seed + number, flavour)
        one.there_and_back()
        for _ in range(min(each, steps - first)):
            one.step()
        one.there_and_back()
        done += one.done
        done[f"steps with {flavour.name}"] += min(each, steps - first)
    return done


if __name__ == "__main__":
    os.environ.update(git_sandbox.ENVIRONMENT)
    numbers = [int(word) for word in sys.argv[2:4]]
    seed = numbers[1] if len(numbers) > 1 else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    print(dict(play(Path(sys.argv[1]), steps=numbers[0] if numbers else 1000, seed=seed)))
