"""A workspace for proposals, with a person who has agreed to what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.errors import TrustError
from makeitso.protocol.proposal import PatternEntry, Proposal, Support
from makeitso.store import learning_history as history
from makeitso.tuning.applying import Place

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = ".makeitso/protocol/regexes.toml"


class KilledError(BaseException):
    """Stands for the end of the process."""


def entry(name: str = "zlint_1a2b", regex: str = r"^zlint: (?P<message>.+)$") -> PatternEntry:
    return PatternEntry(name=name, intent="diagnostic", regex=regex, examples=("zlint: odd",))


def proposal(name: str = "p-zlint", **over: object) -> Proposal:
    base = Proposal(
        id=name,
        kind="pattern",
        title="t",
        rationale="r",
        proposer="offline",
        created_at="2031-01-02T03:04:05Z",
        library="00",
        pattern=entry(),
        support=Support(lines=1),
    )
    return base.model_copy(update=over)


@dataclass
class World:
    """A workspace in which a person has agreed to what is there."""

    root: Path
    agreed: dict[str, str] = field(default_factory=dict[str, str])
    kill_at: str = ""

    @property
    def library(self) -> Path:
        return self.root / LIBRARY

    def put(self, text: bytes) -> None:
        self.library.parent.mkdir(parents=True, exist_ok=True)
        self.library.write_bytes(text)
        self.agreed[LIBRARY] = history.digest(text)

    @property
    def agreement_holds(self) -> bool:
        there = (
            {LIBRARY: history.digest(self.library.read_bytes())} if self.library.exists() else {}
        )
        return self.agreed == there

    def place(self) -> Place:
        def agree(file: str, before: str, after: str) -> None:
            if self.agreed.get(file, "") != before:
                raise TrustError("not agreed")
            self.agreed.pop(file, None)
            if after:
                self.agreed[file] = after

        def fault(name: str) -> None:
            if name == self.kill_at:
                raise KilledError

        return Place(
            root=self.root,
            folder=self.root / ".makeitso/proposals",
            library=LIBRARY,
            prompts=".makeitso/protocol/prompts/",
            now=lambda: 1.0,
            agree=agree,
            agreed=self.agreed.get,
            fault=fault,
        )

    def actions(self) -> list[str]:
        return [row.action for row in history.rows(self.place().folder)]
