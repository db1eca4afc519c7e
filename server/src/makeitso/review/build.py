"""A Change from what git printed: kinds, ids, refusals, protection and flags of every hunk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review import flags, paths
from makeitso.review.folding import with_folds
from makeitso.review.hunks import hunk_id
from makeitso.review.proving import prover

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from makeitso.protocol.change import FileMode, HunkKind
    from makeitso.protocol.plan import Check
    from makeitso.review.proving import Proof
    from makeitso.review.rawdiff import RawEntry, RawHunk, RawPatch

Status = Literal["added", "modified", "deleted", "mode", "type", "renamed"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a change is about, besides git's output."""

    run: str
    task: str
    base_tree: str
    tree: str
    checks: Sequence[Check] = ()
    notes: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Bytes of each proposed blob, by object id."""
    twins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added paths that differ from another only in case or accents, with that other."""
    file_flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What files are, by path: `generated`, `lock-file`."""
    texts: Mapping[str, tuple[bytes, bytes]] = field(
        default_factory=dict[str, "tuple[bytes, bytes]"]
    )
    """In the base and as proposed, by path: files of which some lines prove the task."""

    @cached_property
    def proof(self) -> Callable[[str], Proof | None]:
        """Why a path proves the task."""
        return prover(self.checks)


def build(entries: Sequence[RawEntry], patches: Sequence[RawPatch], *, facts: Facts) -> Change:
    """The change between two trees; `patches` belong to `entries` one by one."""
    files = [
        _file(entry, patch, facts=facts) for entry, patch in zip(entries, patches, strict=True)
    ]
    return Change(
        run=facts.run,
        task=facts.task,
        base_tree=facts.base_tree,
        tree=facts.tree,
        files=tuple(with_folds(files, facts.file_flags)),
        notes=facts.notes,
    )


def show_path(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 are spelled, and such a path is refused anyway."""
    return path.decode("utf-8", "backslashreplace")


def _file(entry: RawEntry, patch: RawPatch, *, facts: Facts) -> ChangedFile:
    path = show_path(entry.path)
    refused = paths.refusal(entry.path, old_mode=entry.old_mode, new_mode=entry.new_mode)
    protected = ""
    if not refused:
        protected = paths.protection(
            entry.path,
            old_mode=entry.old_mode,
            new_mode=entry.new_mode,
            checks=facts.checks,
            size=facts.sizes.get(entry.new_blob, 0),
            binary=patch.binary,
        )
        if not protected and entry.origin:
            protected = paths.protection(
                entry.origin,
                old_mode=entry.old_mode,
                new_mode=paths.ABSENT_MODE,
                checks=facts.checks,
            )
        if not protected and path in facts.twins:
            protected = f"on some file systems it is the same file as {facts.twins[path]}"
    proof = facts.proof(path)
    left = facts.proof(show_path(entry.origin)) if entry.origin else None
    if left is not None:  # nobody finds it by the name that proved the task
        proof = replace(left, lines=None)
    marks: list[str] = []
    if protected:
        marks.append("protected")
    if "executable" in protected:
        marks.append("executable")
    if proof is not None and proof.lines is None:
        marks.append("proves-task")
    reads = (
        [proof.read(text.decode("utf-8", "replace")) or () for text in facts.texts[path]]
        if (proof is not None and path in facts.texts)
        else ((), ())
    )
    draft = _Draft(
        entry, patch, facts=facts, file_flags=tuple(marks), refused=refused, reads=tuple(reads)
    )
    hunks = draft.hunks()
    proves = proof is not None and any("proves-task" in hunk.flags for hunk in hunks)
    return ChangedFile(
        path=path,
        origin=show_path(entry.origin) if entry.origin else None,
        status=_status(entry),
        base_blob=_present(entry.old_mode, entry.old_blob),
        new_blob=_present(entry.new_mode, entry.new_blob),
        base_mode=_mode(entry.old_mode),
        new_mode=_mode(entry.new_mode),
        binary=patch.binary,
        protected=protected,
        refused=refused,
        proves=proof.why if proof is not None and proves else "",
        hunks=hunks,
    )


class _Draft:
    """The hunks of one file while they are made."""

    def __init__(
        self,
        entry: RawEntry,
        patch: RawPatch,
        *,
        facts: Facts,
        file_flags: tuple[str, ...],
        refused: str,
        reads: Sequence[Collection[int]] = ((), ()),
    ) -> None:
        self._reads = reads
        self._entry = entry
        self._patch = patch
        self._facts = facts
        self._file_flags = file_flags
        self._refused = refused

    def hunks(self) -> tuple[Hunk, ...]:
        """All hunks, the name first, then the mode, then in file order."""
        entry, patch = self._entry, self._patch
        whole = self._whole_kind()
        if whole is not None and entry.status != "M":
            return (self._whole(whole),)
        found: list[Hunk] = []
        if entry.origin:
            found.append(self._whole("rename"))
        if entry.old_mode != entry.new_mode and whole in (None, "binary"):
            found.append(self._whole("mode"))
        if whole is not None:
            return (*found, self._whole(whole))
        found += [self._text("text", hunk) for hunk in patch.hunks]
        return tuple(found)

    def _whole_kind(self) -> HunkKind | None:
        """The kind of the one hunk that stands for the whole file; None: hunks by lines."""
        entry, patch = self._entry, self._patch
        modes = (entry.old_mode, entry.new_mode)
        if "160000" in modes:
            return "submodule"
        if "120000" in modes:
            return "symlink"
        if entry.status == "D":
            return "delete"
        if patch.binary:
            return "binary"
        if entry.status == "A":
            return "create" if patch.hunks else "empty"
        return None

    def _whole(self, kind: HunkKind) -> Hunk:
        entry, patch = self._entry, self._patch
        if kind in ("create", "delete", "symlink", "submodule") and len(patch.hunks) == 1:
            return self._text(kind, patch.hunks[0])
        if kind == "rename":
            before, after = entry.origin, entry.path
            diff = f"rename from {show_path(before)}\nrename to {show_path(after)}\n"
        elif kind == "mode":
            before, after = entry.old_mode.encode(), entry.new_mode.encode()
            diff = f"old mode {entry.old_mode}\nnew mode {entry.new_mode}\n"
        else:
            before, after = entry.old_blob.encode(), entry.new_blob.encode()
            diff = "".join(_lines(hunk) for hunk in patch.hunks)
            if patch.binary:
                diff = f"Binary files differ: {entry.old_blob} {entry.new_blob}\n"
        return self._hunk(kind, removed=before, added=after, diff=diff)

    def _text(self, kind: HunkKind, raw: RawHunk) -> Hunk:
        removed, added, changed = _sides(raw)
        extra = list(
            flags.flags_of(
                # the newline of its last line, without which a CRLF file ends in a lone CR
                added.decode("utf-8", "backslashreplace") + "\n",
                changed_lines=changed,
            )
        )
        if not added.isascii() and not _is_utf8(added):
            extra.append("not-utf8")
        if any(self._reads) and _touches(raw, self._reads):
            extra.append("proves-task")
        return self._hunk(
            kind, removed=removed, added=added, diff=_lines(raw), raw=raw, extra=tuple(extra)
        )

    def _kind_with_mode(self, kind: HunkKind) -> str:
        """The kind as the id has it: a new file that is a program is not the same as a text."""
        entry = self._entry
        executable = entry.status == "A" and entry.new_mode == "100755"
        return f"{kind} {entry.new_mode}" if executable else kind

    def _hunk(
        self,
        kind: HunkKind,
        *,
        removed: bytes,
        added: bytes,
        diff: str,
        raw: RawHunk | None = None,
        extra: tuple[str, ...] = (),
    ) -> Hunk:
        entry, facts = self._entry, self._facts
        return Hunk(
            id=hunk_id(
                task=facts.task,
                path=entry.path,
                base_blob=entry.old_blob,
                kind=self._kind_with_mode(kind),
                removed=removed,
                added=added,
                place=_place(raw) if raw else b"",
            ),
            run=facts.run,
            task=facts.task,
            path=show_path(entry.path),
            origin=show_path(entry.origin) if entry.origin else None,
            kind=kind,
            old_start=raw.old_start if raw else 0,
            old_lines=raw.old_lines if raw else 0,
            new_start=raw.new_start if raw else 0,
            new_lines=raw.new_lines if raw else 0,
            diff=diff,
            state="refused" if self._refused else "pending",
            flags=(*self._file_flags, *extra),
            reason=self._refused,
        )


def _sides(raw: RawHunk) -> tuple[bytes, bytes, int]:
    """Removed and added lines, and how many those are.

    The mark of a missing final newline goes with its line.
    """
    removed: list[bytes] = []
    added: list[bytes] = []
    changed = 0
    side: list[bytes] | None = None
    for line in raw.lines:
        tag = line[:1]
        if tag == b"+":
            side = added
        elif tag == b"-":
            side = removed
        else:
            if tag == b"\\" and side is not None:
                side.append(line)
            side = None
            continue
        side.append(line[1:])
        changed += 1
    return b"\n".join(removed), b"\n".join(added), changed


def _place(raw: RawHunk) -> bytes:
    """Where in the base a hunk begins to change lines, and which of the lines from there on."""
    tags = b"".join([line[:1] for line in raw.lines])
    begun = tags.lstrip(b" ")
    return b"%d %b" % (raw.old_start + len(tags) - len(begun), begun.rstrip(b" "))


def _touches(raw: RawHunk, reads: Sequence[Collection[int]]) -> bool:
    """Whether a changed line is among those, in the base or the proposal, that somebody reads."""
    old, new = raw.old_start, raw.new_start
    for line in raw.lines:
        tag = line[:1]
        if (tag == b"-" and old in reads[0]) or (tag == b"+" and new in reads[1]):
            return True
        old += tag in (b" ", b"-")
        new += tag in (b" ", b"+")
    return False


def _lines(raw: RawHunk) -> str:
    old = f"{raw.old_start}" if raw.old_lines == 1 else f"{raw.old_start},{raw.old_lines}"
    new = f"{raw.new_start}" if raw.new_lines == 1 else f"{raw.new_start},{raw.new_lines}"
    header = f"@@ -{old} +{new} @@".encode() + raw.section
    return b"\n".join((header, *raw.lines, b"")).decode("utf-8", "backslashreplace")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _status(entry: RawEntry) -> Status:
    if entry.origin:
        return "renamed"
    match entry.status:
        case "A":
            return "added"
        case "D":
            return "deleted"
        case "T":
            return "type"
        case _:
            same_text = entry.old_blob == entry.new_blob
            return "mode" if same_text and entry.old_mode != entry.new_mode else "modified"


def _mode(mode: str) -> FileMode | None:
    """Git's mode; an odd one (100664 in very old trees) is shown as its nearest, and refused."""
    if mode == paths.ABSENT_MODE:
        return None
    return cast("FileMode", mode if mode in _KNOWN_MODES else "100644")


_KNOWN_MODES = frozenset({"100644", "100755", "120000", "160000"})


def _present(mode: str, blob: str) -> str | None:
    return None if mode == paths.ABSENT_MODE else blob
