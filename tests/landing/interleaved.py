"""Marks, edits, landings and undos in any order, beside git: nothing is lost, nothing invented.

Usage: `python interleaved.py DIRECTORY [STEPS [SEED]]`: that many random steps, then what was done.

Each step is checked against a model kept here: `git apply` of the hunks that landed, on what the
person had. Where git refuses, a conflict must be reported and the file must be as it was.
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
from landing.git_workspace import Work, work
from landing.landing_place import hunks_of
from makeitso.review import marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.protocol.change import Change, Hunk, Landing
    from makeitso.protocol.words import HunkState, LandTarget

TARGETS: tuple[LandTarget, ...] = ("files", "index", "commit", "branch")
Look = dict[str, tuple[bool, bytes]]


def content(name: str, end: bytes = b"\n") -> list[bytes]:
    return [f"{name} {number}".encode() + end for number in range(1, 61)]


BEGIN: dict[str, bytes] = {
    "plain.txt": b"".join(content("line")),
    "crlf.txt": b"".join(content("dos", b"\r\n")),
    "bom.txt": b"\xef\xbb\xbf" + b"".join(content("mark")),
    "ende.txt": b"".join(content("open")).removesuffix(b"\n"),
    "dir/ünï cödé.txt": b"".join(content("größe")),
    "old name.txt": b"".join(content("moved")),
    "bits.bin": b"\0\1\2",
    "empty.txt": b"",
    "gone.txt": b"".join(content("gone")),
}


def proposal() -> dict[str, bytes | None]:
    """Edits of lines 5, 25 and 45 of each text, and one of every other kind."""
    found: dict[str, bytes | None] = {}
    for path, data in BEGIN.items():
        lines = data.splitlines(keepends=True)
        if len(lines) < 60 or path == "gone.txt":
            continue
        for at in (4, 24, 44):
            end = lines[at][len(lines[at].rstrip(b"\r\n")) :]
            lines[at] = b"proposed" + end
        lines[50:50] = lines[10:11]
        found[path] = b"".join(lines)
    found["new name.txt"] = found.pop("old name.txt")
    found["old name.txt"] = None
    found["bits.bin"] = b"\0\2\1"
    found["empty.txt"] = b"filled\n"
    found["gone.txt"] = None
    found["fresh/made.txt"] = b"made\nwithout an end"
    return found


@dataclass
class Machine:
    """One workspace with one change, and what was done to it."""

    here: Work
    change: Change
    dice: random.Random
    states: dict[str, HunkState] = field(default_factory=dict["str", "HunkState"])
    landings: list[tuple[Landing, set[str]]] = field(
        default_factory=list["tuple[Landing, set[str]]"]
    )
    done: Counter[str] = field(default_factory=Counter[str])

    def look(self) -> Look:
        """Every file of the person: whether it is executable, and its bytes."""
        return {
            path.relative_to(self.here.root).as_posix(): (
                os.access(path, os.X_OK),
                path.read_bytes(),
            )
            for path in sorted(self.here.root.rglob("*"))
            if path.is_file()
            and path.relative_to(self.here.root).parts[0] not in (".git", ".makeitso")
        }

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
        """The person writes a line of their own somewhere; sometimes where a hunk is."""
        paths = [path for path, (_, data) in self.look().items() if data.count(b"\n") > 50]
        if not paths:
            return
        path = self.here.root / self.dice.choice(paths)
        lines = path.read_bytes().splitlines(keepends=True)
        at = self.dice.choice([1, 14, 15, 34, 35, 55, 4, 24])
        end = lines[at][len(lines[at].rstrip(b"\r\n")) :]
        lines[at] = f"mine {self.dice.randint(0, 99)}".encode() + end
        path.write_bytes(b"".join(lines))
        self.done["edits"] += 1

    def land(self) -> None:
        """Land what is accepted; what git would apply must land the same, or be in conflict."""
        ids = {name for name, state in self.states.items() if state == "accepted"}
        if not ids:
            return
        for hunk in marks.held(marks.with_states(self.change, self.states)):
            self.states[hunk.id] = "rejected"  # else the task is held as a whole
        target = self.dice.choice(TARGETS)
        before = self.look()
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
            applied = self.apply(before[path][1], hunks)
            if applied is not None and after[path][1] != before[path][1]:
                assert after[path][1] == applied, path
                self.done["as git apply"] += 1

    def landed_in(self, landing: Landing) -> list[Hunk]:
        return [hunk for hunk in marks.all_hunks(self.change) if hunk.id in landing.landed]

    def apply(self, data: bytes, hunks: list[Hunk]) -> bytes | None:
        """What `git apply` makes of a file and hunks; None: it refuses."""
        aside = self.here.root.parent / "apply"
        aside.mkdir(exist_ok=True)
        (aside / "f").write_bytes(data)
        patch = "--- a/f\n+++ b/f\n" + "".join(hunk.diff for hunk in hunks)
        (aside / "p").write_bytes(patch.encode("utf-8", "surrogateescape"))
        box = git_sandbox.Sandbox(aside)
        try:
            box.git("apply", "--whitespace=nowarn", "p")
        except AssertionError:
            return None
        return (aside / "f").read_bytes()

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
            mine = [ln for ln in before[path][1].splitlines() if ln.startswith(b"mine")]
            kept = after[path][1].splitlines()
            assert all(line in kept for line in mine), "an edit of the person is lost"
        for name in undone.hunks:
            assert self.states[name] == "landed"
            self.states[name] = "pending"
        left.difference_update(undone.hunks)
        self.done["undone"] += bool(undone.hunks)
        self.done["kept from undo"] += bool(undone.conflicts)

    def there_and_back(self) -> None:
        """Landed and taken back at once, everything is as it was, to the byte."""
        ids = {name for name, state in self.states.items() if state != "landed"}
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


def machine(directory: Path, seed: int) -> Machine:
    here = work(directory, BEGIN)
    change = here.change(proposal(), executable="empty.txt")
    states: dict[str, HunkState] = {hunk.id: "pending" for hunk in marks.all_hunks(change)}
    return Machine(here, change, random.Random(seed), states)


def play(directory: Path, *, steps: int, seed: int, each: int = 40) -> Counter[str]:
    """Random steps, in a fresh workspace every so many; returns what was done."""
    done = Counter[str]()
    for number, first in enumerate(range(0, steps, each)):
        one = machine(directory / f"{number}", seed + number)
        one.there_and_back()
        for _ in range(min(each, steps - first)):
            one.step()
        one.there_and_back()
        done += one.done
    return done


if __name__ == "__main__":
    os.environ.update(git_sandbox.ENVIRONMENT)
    numbers = [int(word) for word in sys.argv[2:4]]
    seed = numbers[1] if len(numbers) > 1 else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    print(dict(play(Path(sys.argv[1]), steps=numbers[0] if numbers else 1000, seed=seed)))
