"""The smallest line edits that turn one text into another, for an open document."""

from __future__ import annotations

import bisect
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.landing.editor import TextEdit
from makeitso.protocol.text import Span
from makeitso.review.hunks import split_lines
from makeitso.review.rawdiff import parse_sections
from makeitso.workspace.git_process import git_fault, try_git

if TYPE_CHECKING:
    from makeitso.workspace.git import Repository

_LINE_END = re.compile("\r\n|\n|\r")
"""What an editor takes for a line end; git knows only the last two characters of the first."""


def edits_between(repo: Repository, old: str, new: str) -> tuple[TextEdit, ...]:
    """Edits in order, not overlapping, against the old text.

    Columns are in code points. Git finds the lines, as it is linear where difflib is not.
    """
    before, after = old.encode(), new.encode()
    with tempfile.TemporaryDirectory(prefix="makeitso-edit-") as scratch:
        (Path(scratch) / "old").write_bytes(before)
        (Path(scratch) / "new").write_bytes(after)
        done = try_git(
            ["diff", "--no-index", "--text", "-U0", "--inter-hunk-context=0", "--no-color",
             "--no-ext-diff", "--no-textconv", "--histogram", "old", "new"],
            place=repo.objects(),
            cwd=Path(scratch),
        )  # fmt: skip
    if done.code == 0:
        return ()
    if done.code != 1:
        raise git_fault("diff --no-index", done)
    (patch,) = parse_sections(done.out)
    old_lines = [line.decode() for line in split_lines(before)]
    new_lines = [line.decode() for line in split_lines(after)]
    offsets = [0]
    for line in old_lines:
        offsets.append(offsets[-1] + len(line))
    starts = [0, *(found.end() for found in _LINE_END.finditer(old))]
    found: list[TextEdit] = []
    for hunk in patch.hunks:
        first = hunk.old_start - (hunk.old_lines > 0)
        from_new = hunk.new_start - (hunk.new_lines > 0)
        span = _span(starts, offsets[first], offsets[first + hunk.old_lines])
        found.append(TextEdit(span, "".join(new_lines[from_new : from_new + hunk.new_lines])))
    return tuple(found)


def apply_edits(text: str, edits: tuple[TextEdit, ...]) -> str:
    """What an editor makes of a text and such edits."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    for edit in reversed(edits):
        begin = starts[edit.span.line] + edit.span.column
        end = starts[edit.span.end_line] + edit.span.end_column
        text = text[:begin] + edit.text + text[end:]
    return text


def _span(starts: list[int], begin: int, end: int) -> Span:
    line = bisect.bisect_right(starts, begin) - 1
    end_line = bisect.bisect_right(starts, end) - 1
    return Span(
        line=line,
        column=begin - starts[line],
        end_line=end_line,
        end_column=end - starts[end_line],
    )
