"""A review document read back: which lines belong to which file and hunk, what people wrote. Pure.

Files are found by their `diff --git` lines and hunks by the ids in their own headers, so a document
that is older than the change, or half edited, is read as far as it goes. A line `# > …` below a
hunk is what a person wants said about it; it counts as no line of the hunk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

HUNK_ID = r"[0-9a-f]{12}(?:\.\d+)*"
_HUNK = re.compile(rf"^(?:# )?@@ -[\d,]+ \+(\d+)[\d,]* @@ \[(\w+) ({HUNK_ID})(?:; ([a-z0-9, -]+))?")
_HEADS = ("@@", "# @@")
_WHOLE = re.compile(rf"^# \[\w+ ({HUNK_ID})[;:\]]")
_FILES = re.compile(r"\n(?:# )?diff --git ")
_REMARK = re.compile(r"^# ?> ?(.*?)\s*$")


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What a person wrote below a line of a hunk."""

    text: str
    line: int
    """Where it begins in the document, zero-based."""
    after: int
    """The line of the hunk above it as numbered there, one-based; 0: directly below the header."""


@dataclass(frozen=True, kw_only=True)
class HunkSection:
    """A hunk in the text; lines of the document, zero-based."""

    id: str
    new_start: int
    """First line in the proposal, one-based; 0: none."""
    flags: tuple[str, ...]
    """What its header says of it."""
    state: str
    """The word in its header: as it was when the document was written."""
    head: int
    last: int
    """Its last line, remarks below it included."""
    numbered: tuple[int, ...]
    """Where its lines stand, in order: line 1 of the hunk is the first."""
    body: tuple[str, ...]
    """Those lines, as the person left them, without line feeds."""
    remarks: tuple[Remark, ...]

    def lines_in(self, first: int, last: int) -> tuple[int, int] | None:
        """Numbers of the first and last changed line of the hunk in lines of the document."""
        chosen = [
            number
            for number, at in enumerate(self.numbered, start=1)
            if first <= at <= last and self.body[number - 1][:1] in ("+", "-")
        ]
        return (chosen[0], chosen[-1]) if chosen else None

    def number_at(self, line: int) -> int:
        """Number of the hunk's line on, or last above, a line of the document; 0: its header."""
        return sum(1 for at in self.numbered if at <= line)


@dataclass(frozen=True, kw_only=True)
class FileSection:
    """A file in the text."""

    header: str
    first: int
    last: int
    hunks: tuple[HunkSection, ...]
    named: tuple[str, ...] = ()
    """Hunks without lines, which stand for the file: they are named in comments above it."""
    whole: bool = False
    """It comes or goes as a whole: its lines cannot be chosen one by one."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Ids of all its hunks."""
        return (*self.named, *(hunk.id for hunk in self.hunks))


@dataclass(frozen=True, kw_only=True)
class Sections:
    """A review document with its files."""

    text: str
    starts: tuple[int, ...]
    """Offsets of the headers of the files."""
    files: tuple[FileSection, ...]

    def piece(self, number: int) -> str:
        """What stands from the header of a file to that of the next; of -1: above the first."""
        begin = self.starts[number] if number >= 0 else 0
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[begin:end]


def read_sections(text: str) -> tuple[FileSection, ...]:
    """The files of a review document, with their hunks."""
    return read_document(text).files


def read_document(text: str, *, before: Sections | None = None) -> Sections:
    """A review document with its files and their hunks.

    What stands where it stood in the version `before`, word for word, is taken over from it.
    """
    lines = text.split("\n")
    offsets = [found.start() for found in _FILES.finditer(f"\n{text}")]
    firsts: list[int] = []
    line, last = 0, 0
    for offset in offsets:
        line += text.count("\n", last, offset)
        firsts.append(line)
        last = offset
    ends = [*firsts[1:], len(lines)][: len(firsts)]
    found = Sections(text=text, starts=tuple(offsets), files=())
    files: list[FileSection] = []
    above_stands = before is not None and before.piece(-1) == found.piece(-1)
    for number, (first, end) in enumerate(zip(firsts, ends, strict=True)):
        old = before.files[number] if before is not None and number < len(before.files) else None
        stands = (
            before is not None
            and old is not None
            and old.first == first
            and before.piece(number) == found.piece(number)
        )
        # the comments that name its hunks without lines stand at the end of the piece above
        if stands and above_stands and old is not None:
            files.append(old)
        else:
            files.append(_file(lines, first, _trimmed(lines, first, end)))
        above_stands = stands
    return replace(found, files=tuple(files))


def _trimmed(lines: list[str], start: int, end: int) -> int:
    """The end without the comments that introduce the next file; remarks of a person stay."""
    while end > start + 1 and _is_between(lines[end - 1]):
        end -= 1
    return end


def _is_between(line: str) -> bool:
    line = line.removesuffix("\r")
    return not line or (line.startswith("#") and not _REMARK.match(line))


def _file(lines: list[str], first: int, end: int) -> FileSection:
    heads = [
        (at, found)
        for at in range(first, end)
        if lines[at].startswith(_HEADS) and (found := _HUNK.match(lines[at]))
    ]
    stops = [*(at for at, _ in heads[1:]), end][: len(heads)]
    hunks = tuple(
        _hunk(lines, at, stop, found) for (at, found), stop in zip(heads, stops, strict=True)
    )
    above = first
    while above and lines[above - 1].startswith("#") and lines[above - 1].rstrip("\r") != "#":
        above -= 1
    head = lines[first + 1].removeprefix("# ") if first + 1 < end else ""
    return FileSection(
        header=lines[first].removesuffix("\r"),
        first=first,
        last=end - 1,
        hunks=hunks,
        named=tuple(found[1] for line in lines[above:first] if (found := _WHOLE.match(line))),
        whole=head.startswith(("new file mode", "deleted file mode")),
    )


def _hunk(lines: list[str], head: int, stop: int, found: re.Match[str]) -> HunkSection:
    mark = "# " if lines[head].startswith("# ") else ""
    numbered: list[int] = []
    body: list[str] = []
    remarks: list[Remark] = []
    for at in range(head + 1, stop):
        if lines[at][:1] != "#":  # nearly every line
            numbered.append(at)
            body.append(lines[at])
            continue
        line = lines[at].removeprefix(mark)
        said = _REMARK.match(lines[at].removesuffix("\r"))
        if said and remarks and at - 1 == _end_of(remarks[-1]):
            old = remarks.pop()
            remarks.append(replace(old, text=f"{old.text}\n{said[1]}"))
        elif said:
            remarks.append(Remark(text=said[1], line=at, after=len(numbered)))
        elif not line.startswith("#"):
            numbered.append(at)
            body.append(line)
    return HunkSection(
        id=found[3],
        new_start=int(found[1]),
        flags=tuple(found[4].split(", ")) if found[4] else (),
        state=found[2],
        head=head,
        last=stop - 1,
        numbered=tuple(numbered),
        body=tuple(body),
        remarks=tuple(remarks),
    )


def _end_of(remark: Remark) -> int:
    return remark.line + remark.text.count("\n")
