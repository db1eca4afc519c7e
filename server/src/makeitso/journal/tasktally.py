"""What figures need to know of one task: its promises, its hunks, its evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from makeitso.journal.parts import inside, leaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.protocol.events import ChangeProposed, CheckRan
    from makeitso.protocol.plan import Task

    Covers = Callable[[str, str], bool]
    """Whether a glob, the first argument, matches a path."""

TaskEnd = Literal["open", "landed", "failed", "stopped"]
HunkMark = Literal["pending", "accepted", "rejected", "refused", "landed", "conflict"]


@dataclass(kw_only=True)
class TaskTally:
    """One task of a run that is not over."""

    spec: Task
    state: TaskEnd = "open"
    in_order: bool = False
    """It landed after everything it comes after."""
    tokens: int = 0
    round: int = 0
    """Highest round begun."""
    turn_at: int | None = None
    """When the open turn began, Unix ms."""
    hunks: dict[str, HunkMark] = field(default_factory=dict[str, "HunkMark"])
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    paths: frozenset[str] = frozenset()
    evidence: dict[tuple[str, str], bool] = field(default_factory=dict[tuple[str, str], bool])
    """Whether a check, by command and directory, passed when it last ran on the task's work."""

    @property
    def begun(self) -> bool:
        """Something happened in it."""
        return self.state != "open" or bool(self.round or self.hunks or self.tokens)

    def propose(self, change: ChangeProposed) -> None:
        """Take the change as it stands; hunks it had keep their marks, parts stand for wholes."""
        before, self.hunks = self.hunks, {}
        self.splits.update(change.splits)
        self.splits.update((cut.hunk, cut.parts) for cut in change.cuts)
        for hunk in change.hunks:
            for part in leaves(self.splits, hunk.id):
                known = change.carried.get(part, part)
                self.hunks[part] = "refused" if hunk.refused else before.get(known, "pending")
        for name, mark in change.marks.items():
            self.mark(name, mark)
        self.paths = frozenset(hunk.path for hunk in change.hunks)

    def mark(self, hunk: str, state: HunkMark) -> None:
        """Take a mark or what landing made of it."""
        if self.hunks.get(hunk) not in (None, "landed", "refused"):
            self.hunks[hunk] = state

    def reopen(self, hunks: tuple[str, ...]) -> None:
        """Let hunks wait for a mark again whose landing was taken back."""
        for hunk in hunks:
            if self.hunks.get(hunk) == "landed":
                self.hunks[hunk] = "pending"

    def split(self, hunk: str, parts: tuple[str, ...]) -> None:
        """Let parts stand for a hunk, with its mark; none: it stands as one again."""
        if not parts:
            self._join(hunk)
            return
        state = self.hunks.pop(hunk, None)
        if state is not None:
            self.splits[hunk] = parts
            self.hunks.update(dict.fromkeys(parts, state))

    def _join(self, hunk: str) -> None:
        parts = leaves(self.splits, hunk)
        states = [self.hunks.get(part) for part in parts]
        if hunk not in self.splits or not {"pending", "accepted", "rejected"}.issuperset(states):
            return
        agreed = self.hunks[parts[0]] if states.count(states[0]) == len(states) else "pending"
        for name in inside(self.splits, hunk):
            del self.splits[name]
        for part in parts:
            del self.hunks[part]
        self.hunks[hunk] = agreed

    def prove(self, check: CheckRan) -> None:
        """Take evidence about the task's own work: the proposal, or the workspace it landed in."""
        if check.where in ("proposal", "landed"):
            self.evidence[check.command, check.cwd] = check.passed

    def counts(self, covers: Covers) -> Counter[str]:
        """What it adds to the figures of its run."""
        found = Counter[str]({f"task.{self.state}": 1, "hunk.proposed": len(self.hunks)})
        found.update(f"hunk.{state}" for state in self.hunks.values())
        if self.spec.files:
            found["plan.declared_files"] = len(self.paths)
            found["plan.files_inside"] = sum(
                any(covers(glob, path) for glob in self.spec.files) for path in self.paths
            )
        if self.state == "landed":
            found["plan.dependent_tasks"] = int(bool(self.spec.after))
            found["plan.tasks_in_order"] = int(bool(self.spec.after) and self.in_order)
            found["plan.checked_tasks"] = int(bool(self.spec.checks))
            found["plan.tasks_proved"] = int(
                bool(self.spec.checks)
                and all(self.evidence.get((c.command, c.cwd)) for c in self.spec.checks)
            )
        return found
