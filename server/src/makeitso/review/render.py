"""A change as a review document: comment lines on top, then a unified diff `git apply` reads.

States stand behind the second `@@` of a hunk header, where every reader of diffs ignores them;
a comment between two hunks would end the file for `git apply`. What is refused is all comment.
Characters that hide or reorder text are spelled, so that what is approved is what is seen.
Hunks cut between lines have no unchanged line there: `git apply --unidiff-zero` reads them then.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol.counts import counted
from makeitso.review import marks
from makeitso.review.flags import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.protocol.change import Change, ChangedFile, Hunk

_QUOTED = re.compile(r'["\\]')
_HEADER = re.compile(r"@@ -(\d+(?:,\d+)?) \+(\d+)((?:,\d+)?) @@(.*)", re.DOTALL)
FRESH_SHOWN = 100
"""Hunks named in the section of new ones."""
_NO_BLOB = "0" * 40


@dataclass(frozen=True, kw_only=True)
class ReviewDocument:
    """The text, and where each hunk stands in it."""

    text: str
    places: Mapping[str, tuple[int, int]]
    """Hunk id to its first line and the line after its last, zero-based."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What a person said about the change, as it stands beside its place."""

    id: str
    text: str
    place: str = ""
    """Path and maybe line, in words."""
    path: str = ""
    hunk: str = ""


def document(
    change: Change,
    *,
    title: str,
    summary: str = "",
    evidence: Sequence[str] = (),
    remarks: Sequence[Remark] = (),
) -> ReviewDocument:
    """Render a change.

    Args:
        change: the change, states and splits laid over.
        title: its first line.
        summary: what was done, in words.
        evidence: one line for each check.
        remarks: what people said; each above its file, and named by the header of its hunk.
    """
    paths = {file.path for file in change.files}
    whole = [_remark(said) for said in remarks if said.path not in paths]
    evidence = [*evidence, *([""] if evidence and whole else []), *whole]
    lines = [*_head(change, title=title, summary=summary, evidence=evidence)]
    places: dict[str, tuple[int, int]] = {}
    for file in change.files:
        lines.append("#")
        mine = [said for said in remarks if said.path == file.path]
        _render_file(file, lines=lines, places=places, remarks=mine)
    return ReviewDocument(text="\n".join((*lines, "")), places=places)


def patch(file: ChangedFile, hunks: Sequence[Hunk]) -> str:
    """A patch of one file with a choice of its hunks, line numbers fitting that choice.

    Bytes that are not UTF-8 are shown escaped, so it is for people and tools, not for landing.
    """
    if file.origin is not None and not any(hunk.kind == "rename" for hunk in hunks):
        file = file.model_copy(update={"path": file.origin, "origin": None})
    lines = _file_header(file, with_mode=any(hunk.kind == "mode" for hunk in hunks))
    shift = 0
    for hunk in hunks:
        found = _HEADER.fullmatch(hunk.diff.partition("\n")[0])
        if found is None:
            continue
        # an empty range names the line before it, so the shift is between first lines, not starts
        first = hunk.old_start + (hunk.old_lines == 0) + shift
        start = first - (hunk.new_lines == 0)
        lines.append(f"@@ -{found[1]} +{start}{found[3]} @@{found[4]}")
        lines += hunk.diff.removesuffix("\n").split("\n")[1:]
        shift += hunk.new_lines - hunk.old_lines
    return "\n".join((*lines, ""))


def stat_line(change: Change) -> str:
    """The size of a change in one line: `2 files, 3 hunks: 1 accepted, 2 pending`."""
    states = Counter(hunk.state for hunk in marks.all_hunks(change))
    parts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    files, total = len(change.files), sum(states.values())
    size = f"{counted(files, 'file')}, {counted(total, 'hunk')}"
    return f"{size}: {parts}" if parts else size


def _head(change: Change, *, title: str, summary: str, evidence: Sequence[str]) -> Sequence[str]:
    lines = [title, stat_line(change)]
    if summary.strip():
        lines += ["", *summary.strip().split("\n")]
    if evidence:
        lines += ["", *evidence]
    lines += _fresh(change)
    if change.notes:
        lines += ["", *change.notes]
    return [f"# {visible(line)}".rstrip() for text in lines for line in text.split("\n")]


def _fresh(change: Change) -> list[str]:
    """What came since the person looked last, as a section of its own."""
    hunks = [
        (file.path, hunk.id) for file in change.files for hunk in file.hunks if "new" in hunk.flags
    ]
    if not hunks:
        return []
    more = len(hunks) - FRESH_SHOWN
    total = sum(1 for _ in marks.all_hunks(change))
    return [
        "",
        f"New since you looked last: {len(hunks)} of {counted(total, 'hunk')}",
        *(f"  {path} [{name}]" for path, name in hunks[:FRESH_SHOWN]),
        *([f"  … and {more} more"] if more > 0 else []),
    ]


def _remark(said: Remark) -> str:
    """A remark in one line."""
    place = f"{said.place}: " if said.place else ""
    return f"{said.id} {place}{' '.join(said.text.split())}"


def _render_file(
    file: ChangedFile,
    *,
    lines: list[str],
    places: dict[str, tuple[int, int]],
    remarks: Sequence[Remark],
) -> None:
    body: list[str] = []
    inside: dict[str, tuple[int, int]] = {}
    header = _file_header(file, with_mode=True)
    whole = [hunk for hunk in file.hunks if not hunk.diff.startswith("@@ ")]
    body += header
    for hunk in file.hunks:
        if hunk in whole:
            inside[hunk.id] = (0, len(header))
            continue
        first = len(body)
        shown = hunk.diff.removesuffix("\n").split("\n")
        body.append(_with_state(shown[0], hunk, [r.id for r in remarks if r.hunk == hunk.id]))
        body += [visible(line) for line in shown[1:]]
        inside[hunk.id] = (first, len(body))
    if file.refused:
        lines.append(f"# refused, it cannot land: {visible(file.path)}: {file.refused}")
        body = [f"# {line}" for line in body]
    elif file.protected:
        lines.append(f"# protected, a person decides: {visible(file.path)}: {file.protected}")
    flags = {flag for hunk in file.hunks for flag in hunk.flags}
    lines += [
        f"# look twice: {visible(file.path)} {warning}"
        for flag, warning in _WARNINGS.items()
        if flag in flags
    ]
    if file.proves:
        lines.append(f"# look twice: {visible(file.path)} proves the task: {visible(file.proves)}")
    lines += [f"# [{_state(hunk)}] {visible(file.path)}: {_whole(hunk)}" for hunk in whole]
    lines += [f"# {visible(_remark(said))}" for said in remarks]
    start = len(lines)
    lines += body
    for name, (first, end) in inside.items():
        places[name] = (start + first, start + end)


_WARNINGS = {
    "bidi": "holds characters that reorder the text",
    "invisible": "holds invisible characters",
    "mixed-script": "holds words that mix look-alike alphabets",
    "control": "holds control characters",
    "not-utf8": "is not UTF-8; such bytes are shown escaped",
}


def _with_state(header: str, hunk: Hunk, said: Sequence[str]) -> str:
    found = _HEADER.fullmatch(header)
    if found is None:
        return visible(header)
    # what is inserted behind an insertion at the top is not at the top: git takes 0 for that
    old = "1,0" if found[1] == "0,0" and int(found[2]) > 1 else found[1]
    ranges = f"@@ -{old} +{found[2]}{found[3]} @@"
    names = f" ({' '.join(said)})" if said else ""
    return visible(f"{ranges} [{_state(hunk)}]{names}{found[4]}").replace("\n", " ")


def _state(hunk: Hunk) -> str:
    """State and id, why a person must look, and why it is so."""
    flags = f"; {', '.join(hunk.flags)}" if hunk.flags else ""
    reason = f": {hunk.reason}" if hunk.reason else ""
    return visible(f"{hunk.state} {hunk.id}{flags}{reason}").replace("\n", " ")


_WHOLE = {
    "mode": "its mode changes",
    "create": "a new file",
    "empty": "an empty file",
    "delete": "the file is deleted",
    "binary": "its content changes",
}
"""What a hunk without lines does, by kind; the rest is refused, and named as it is."""


def _whole(hunk: Hunk) -> str:
    if hunk.kind == "rename":
        return f"renamed, it was {visible(hunk.origin or '')}"
    return _WHOLE.get(hunk.kind, hunk.kind)


def _file_header(file: ChangedFile, *, with_mode: bool) -> list[str]:
    old, new = _name("a/", file.origin or file.path), _name("b/", file.path)
    lines = [f"diff --git {old} {new}"]
    if file.base_mode is None:
        lines.append(f"new file mode {file.new_mode}")
    elif file.new_mode is None:
        lines.append(f"deleted file mode {file.base_mode}")
    elif file.base_mode != file.new_mode and with_mode:
        lines += [f"old mode {file.base_mode}", f"new mode {file.new_mode}"]
    if file.origin is not None:
        lines += [f"rename from {_name('', file.origin)}", f"rename to {_name('', file.path)}"]
    if file.base_blob != file.new_blob:
        same = f" {file.new_mode}" if file.base_mode == file.new_mode else ""
        lines.append(f"index {file.base_blob or _NO_BLOB}..{file.new_blob or _NO_BLOB}{same}")
    if file.binary:
        lines.append(f"Binary files {old} and {new} differ")
    elif any(hunk.diff.startswith("@@ ") for hunk in file.hunks):
        tabs = ["\t" if " " in name else "" for name in (file.origin or file.path, file.path)]
        lines.append("--- " + (f"{old}{tabs[0]}" if file.base_blob else "/dev/null"))
        lines.append("+++ " + (f"{new}{tabs[1]}" if file.new_blob else "/dev/null"))
    return [visible(line) for line in lines]


def _name(prefix: str, path: str) -> str:
    """A name as git writes it: quoted when a quote or backslash is in it."""
    if _QUOTED.search(path):
        escaped = path.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{prefix}{escaped}"'
    return prefix + path
