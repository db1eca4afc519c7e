"""The concrete syntax tree of a plan document: blocks that together own every line of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.plans.lines import Extent

if TYPE_CHECKING:
    from makeitso.plans.lines import Flow, Line, Word

TaskKey = Literal[
    "files",
    "done when",
    "after",
    "priority",
    "repo",
    "worker",
    "policies",
    "budget",
    "skills",
    "approval",
    "wait",
    "bootstrap",
    "task",
    "verify",
    "summarize",
]
"""The keys a task may have; the last four are the phases and override the plan there."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive lines that belong together; every line of a document is in exactly one block."""

    first: int
    """Zero-based number of the first line."""
    lines: tuple[Line, ...]

    @property
    def end(self) -> int:
        """Number of the line after the last."""
        return self.first + len(self.lines)

    @property
    def span(self) -> Extent:
        """From the start of the first line to the end of the last one's text."""
        return Extent(self.first, 0, self.end - 1, len(self.lines[-1].text))


@dataclass(frozen=True, slots=True)
class Heading(Block):
    """`# words`."""

    level: int
    title: Word


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    """Lines of prose, or a block quote, which may hold several paragraphs."""

    quoted: bool
    prose: str
    """The lines joined by LF, without indentation or quote marks."""


@dataclass(frozen=True, slots=True)
class Other(Block):
    """Text without a meaning for the plan: kept, never judged."""

    kind: Literal["blank", "comment", "front-matter", "code", "rule"]
    closed: bool = True
    """False: a fence or comment that runs to the end of the document."""


@dataclass(frozen=True, slots=True)
class Settings(Block):
    """The fenced `toml` block with plan-wide settings."""

    source: str
    """TOML text between the fences, lines ended by LF."""
    closed: bool


@dataclass(frozen=True, slots=True)
class Key:
    """`- name: value` under a task."""

    name: Word
    key: TaskKey | None
    """None: no key we know."""
    first: int
    end: int
    """Lines first..end-1 belong to the key."""
    flows: tuple[Flow, ...]
    """The value; one flow for the line itself and one for each nested list item."""
    code: str | None = None
    """Text of a fenced block under the key: a command of several lines."""


@dataclass(frozen=True, slots=True)
class Item(Block):
    """A checkbox item: one task."""

    indent: int
    """Columns before the list marker."""
    offset: int
    """Columns before the item's own text; its body is indented by this much."""
    box: Word
    """What stands between the brackets."""
    id: Word | None
    """The word in bold; None when there is none."""
    title: Word
    keys: tuple[Key, ...]
    body_first: int
    """Number of the first line after the keys; equal to `end` when there is no body."""
    body: str
    """The text of the item beside its first line and keys, without indentation."""
    separated: bool
    """An empty comment stands between keys and body, so that `- word:` below it is prose."""

    @property
    def ticked(self) -> bool:
        """Whether the box says done."""
        return self.box.text in ("x", "X")


AnyBlock = Heading | Paragraph | Other | Settings | Item


@dataclass(frozen=True, slots=True)
class Document:
    """A whole plan document."""

    blocks: tuple[AnyBlock, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """The tasks, in the order written."""
        return tuple(block for block in self.blocks if isinstance(block, Item))

    @property
    def heading(self) -> Heading | None:
        """The plan's title: the first heading before any task."""
        for block in self.blocks:
            if isinstance(block, Heading):
                return block
            if isinstance(block, Item):
                return None
        return None

    @property
    def goal(self) -> Paragraph | None:
        """The plan's goal: the first paragraph after the title and before any task."""
        heading = self.heading
        for block in self.blocks:
            if isinstance(block, Item):
                return None
            if isinstance(block, Paragraph) and (heading is None or block.first > heading.first):
                return block
        return None

    @property
    def settings(self) -> Settings | None:
        """The first `toml` block."""
        return next((block for block in self.blocks if isinstance(block, Settings)), None)

    @property
    def eol(self) -> str:
        """The line end new lines should get: that of the first line, LF when it has none."""
        return next((line.eol for block in self.blocks for line in block.lines if line.eol), "\n")


def text_of(document: Document) -> str:
    """Print a document: exactly the text it was parsed from."""
    return "".join(
        piece
        for block in document.blocks
        for line in block.lines
        for piece in (line.text, line.eol)
    )
