"""A landing taken back: three-way, never over what people did since.

Ancestor is each file as the landing left it, theirs as it was before, ours as it is now. A file in
which later edits overlap stays as it is, and so does what the landing staged or committed of it.
A commit is taken back by a commit on top; history is never rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import ConflictError, StateError
from makeitso.landing import kept as keeping
from makeitso.landing import land
from makeitso.landing.carry import Content, Stays, carry, carry_entry
from makeitso.landing.committing import branch_tip, commit_onto, difference, head_tip
from makeitso.landing.editor import FileEdit, NoEditor
from makeitso.landing.git_side import GitSide, staged
from makeitso.landing.hooked import with_hooks
from makeitso.landing.intent import Write
from makeitso.landing.published import dirty_elsewhere
from makeitso.landing.text_edits import edits_between
from makeitso.protocol.events_review import LandingUndone
from makeitso.workspace import blobs, files, index_file, snapshots
from makeitso.workspace.trees import empty, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from makeitso.landing.committing import Committed, Tip
    from makeitso.landing.editor import Editor, OpenText
    from makeitso.protocol.change import Landing
    from makeitso.workspace.git import Repository
    from makeitso.workspace.trees import Entry


@dataclass(frozen=True, kw_only=True)
class UndoPlan:
    """What taking a landing back would do."""

    writes: tuple[Write, ...]
    edits: tuple[FileEdit, ...]
    git: GitSide
    record: LandingUndone
    """Of it, once it is done."""


@dataclass(kw_only=True)
class _Draft:
    """What is found while going through the files."""

    writes: list[Write] = field(default_factory=list[Write])
    edits: list[FileEdit] = field(default_factory=list[FileEdit])
    index: dict[str, Entry | None] = field(default_factory=dict[str, "Entry | None"])
    tip: dict[str, Entry | None] = field(default_factory=dict[str, "Entry | None"])
    conflicts: dict[str, str] = field(default_factory=dict[str, str])


async def prepare(
    repo: Repository,
    landing: Landing,
    *,
    id: str,  # noqa: A002 -- the field's word
    hunks: Mapping[str, str],
    without: Collection[str] = (),
    moves: Mapping[str, str] | None = None,
    message: str = "",
    editor: Editor | None = None,
) -> UndoPlan:
    """Compute what taking a landing back means. Writes nothing to the workspace.

    Args:
        repo: the repository.
        landing: what is taken back.
        id: name of the transaction; it must be new.
        hunks: the path of each hunk of it that still stands.
        without: paths that an earlier undo of it took back already.
        moves: files that the change renames: path proposed, path in the base.
        message: of the commit, where one is made.
        editor: what is open.

    Raises:
        StateError: it was not kept what there was before; no commit could be made.
        EnvironmentFault: git failed.
    """
    door = editor or NoEditor()
    kept = await to_thread.run_sync(_kept, repo, landing)
    documents = {path: door.open_document(path) for path in kept.files}

    def compute() -> UndoPlan:
        return _Undo(repo, landing, kept, documents, dict(moves or {})).plan(
            id, hunks=hunks, without=without, message=message
        )

    return await to_thread.run_sync(compute)


async def commit(
    plan: UndoPlan,
    *,
    root: Path,
    editor: Editor | None = None,
    fault: Callable[[str], None] | None = None,
) -> LandingUndone:
    """Do it, as one transaction; remembered like a landing until `land.forget`.

    Raises:
        ConflictError: something changed since `prepare`; nothing was written.
        StoreError: the disk refused; nothing was written.
        EnvironmentFault: git failed; nothing was written.
    """
    await land.write(
        root,
        id=plan.record.id,
        writes=plan.writes,
        edits=plan.edits,
        git=plan.git,
        payload=land.payload_of_undo(plan.record, plan.edits),
        label=f"Take {plan.record.landing} back",
        editor=editor,
        fault=fault,
    )
    return plan.record


def _kept(repo: Repository, landing: Landing) -> keeping.Kept:
    if landing.kept is not None:
        return keeping.read(repo, landing.kept)
    if landing.commit is None and landing.files:
        raise StateError(
            f"{landing.id} landed before what was there was kept, so it cannot be taken back",
            hint="undo it with your editor or git",
        )
    return keeping.Kept()


@dataclass(frozen=True)
class _Undo:
    """One landing, and what is there now."""

    repo: Repository
    landing: Landing
    kept: keeping.Kept
    documents: Mapping[str, OpenText | None]
    moves: Mapping[str, str]

    def plan(
        self, name: str, *, hunks: Mapping[str, str], without: Collection[str], message: str
    ) -> UndoPlan:
        """The plan; `without` are paths to be left alone."""
        repo, kept, landing = self.repo, self.kept, self.landing
        tip = self._tip()
        present = index_file.read(repo) if kept.staged or landing.target == "commit" else {}
        committed = self._committed()
        at_tip = entries(repo, tip.tree) if tip is not None else {}
        elsewhere = dirty_elsewhere(repo.root)
        stored = [e.blob for side in (kept.before, kept.after) for e in side.values()]
        contents = blobs.read(repo, stored) if stored else {}
        draft = _Draft()
        concerned = {*kept.files, *kept.staged, *committed}
        left = {self._at(path, concerned) for path in without}
        for pair in self._pairs(concerned - left):
            new, old = pair[0], pair[-1]
            if new != old and new in kept.after:
                reason = self._named_back(draft, new, old, contents, elsewhere)
            else:
                said = [self._file(draft, path, contents, elsewhere.get(path)) for path in pair]
                reason = next(filter(None, said), "")
            for path in pair:
                reason = reason or self._index(draft, path, present)
                if not reason and path in committed and tip is not None:
                    before, after = committed[path]
                    entry = carry_entry(repo, ours=at_tip.get(path), ancestor=after, theirs=before)
                    if isinstance(entry, Stays):
                        reason = f"it was changed since {tip.where}"
                    else:
                        draft.tip[path] = entry
            if reason:
                draft.conflicts |= dict.fromkeys(pair, reason)
        self._leave(draft)
        made = self._revert(tip, draft, message=message, name=name)
        writes, index = tuple(draft.writes), dict(draft.index)
        if made is not None and landing.target == "commit":
            edited = [edit.path for edit in draft.edits]
            writes, index = with_hooks(
                repo, made, writes=writes, edited=edited, index=index, present=present
            )
        side = GitSide(index=staged(present, index), ref=made.moved if made is not None else None)
        paths = {write.path for write in writes} | {edit.path for edit in draft.edits}
        paths |= {one.path for one in side.index} | (set(draft.tip) if made is not None else set())
        return UndoPlan(
            writes=writes,
            edits=tuple(draft.edits),
            git=side,
            record=LandingUndone(
                id=name,
                landing=landing.id,
                hunks=tuple(
                    hunk
                    for hunk, path in hunks.items()
                    if self._at(path, concerned) not in draft.conflicts
                ),
                files=tuple(sorted(paths)),
                conflicts=draft.conflicts,
                commit=made.commit if made is not None else None,
            ),
        )

    def _at(self, path: str, concerned: Collection[str]) -> str:
        """Where a hunk of a file landed: under its old name, if that was its name then."""
        return path if path in concerned else self.moves.get(path, path)

    def _pairs(self, concerned: Collection[str]) -> list[tuple[str, ...]]:
        """Paths one by one; of a file that this landing renamed, the new one and the old one."""
        pairs = {
            new: (new, old)
            for new, old in self.moves.items()
            if new in concerned and old in concerned
        }
        second = {old for _, old in pairs.values()}
        return [pairs.get(path, (path,)) for path in sorted(concerned) if path not in second]

    def _tip(self) -> Tip | None:
        if self.landing.commit is None:
            return None
        if self.landing.target == "commit":
            return head_tip(self.repo)
        branch = self.landing.branch or ""
        tip = branch_tip(self.repo, branch, start=None)
        if tip.at is None:
            raise StateError(
                f"the branch {branch} is gone, and with it what landed there",
                hint="accept and land again to have it anew",
            )
        return tip

    def _committed(self) -> dict[str, tuple[Entry | None, Entry | None]]:
        """Before and after of each path in the commit."""
        commit = self.landing.commit
        if commit is None:
            return {}
        parent = snapshots.commit_of(self.repo, f"{commit}^")
        before = snapshots.tree_of(self.repo, parent) if parent else empty(self.repo)
        return difference(self.repo, before, snapshots.tree_of(self.repo, commit))

    def _file(
        self, draft: _Draft, path: str, contents: Mapping[str, bytes], elsewhere: str | None
    ) -> str:
        """Add what happens to a file of the working tree; why nothing can, or nothing."""
        kept = self.kept
        if path not in kept.before and path not in kept.after:
            return ""
        if elsewhere:
            return f"it has unsaved changes in {elsewhere}"
        before = _content(contents, kept.before.get(path))
        after = _content(contents, kept.after.get(path))
        try:
            disk = files.read(self.repo.root, path)
        except ConflictError as error:
            return error.message.rstrip(".")
        ours = Content(disk.data, disk.executable) if disk is not None else None
        document = self.documents.get(path)
        if document is not None and (before is None or after is None or disk is None):
            if document.dirty:
                return "it is open with unsaved changes"
            document = None
        if document is not None and disk is not None:
            ours = Content(document.text.encode("utf-8", "surrogatepass"), disk.executable)
        carried = carry(self.repo, ours=ours, ancestor=after, theirs=before)
        if isinstance(carried, Stays):
            return "the file is gone" if ours is None else "the same lines were changed since"
        if document is not None and carried is not None:
            return self._document(draft, path, document, disk, carried)
        if carried != ours:
            draft.writes.append(
                Write(
                    path=path,
                    old=disk,
                    new=carried.data if carried is not None else None,
                    executable=carried is not None and carried.executable,
                    permissions=kept.permissions.get(path),
                )
            )
        return ""

    def _named_back(
        self,
        draft: _Draft,
        new: str,
        old: str,
        contents: Mapping[str, bytes],
        elsewhere: Mapping[str, str],
    ) -> str:
        """A file gets its old name again, with what people wrote in it since; why not."""
        kept = self.kept
        for path in (new, old):
            if path in elsewhere:
                return f"it has unsaved changes in {elsewhere[path]}"
            document = self.documents.get(path)
            if document is not None and document.dirty:
                return f"{path} is open with unsaved changes"
        try:
            disk, there = (files.read(self.repo.root, path) for path in (new, old))
        except ConflictError as error:
            return error.message.rstrip(".")
        if there is not None:
            return f"there is another {old}"
        if disk is None:
            return "the file is gone"
        carried = carry(
            self.repo,
            ours=Content(disk.data, disk.executable),
            ancestor=_content(contents, kept.after.get(new)),
            theirs=_content(contents, kept.before.get(old)),
        )
        if not isinstance(carried, Content):
            return "the same lines were changed since"
        draft.writes += [
            Write(path=new, old=disk, new=None, executable=disk.executable),
            Write(
                path=old,
                old=None,
                new=carried.data,
                executable=carried.executable,
                permissions=kept.permissions.get(old),
            ),
        ]
        return ""

    def _document(
        self,
        draft: _Draft,
        path: str,
        document: OpenText,
        disk: files.OnDisk | None,
        carried: Content,
    ) -> str:
        """Edit the open document; the file itself gets at most its mode back."""
        try:
            text = carried.data.decode("utf-8")
        except UnicodeDecodeError:
            return "it is open in an editor and not UTF-8"
        edits = edits_between(self.repo, document.text, text)
        if edits:
            draft.edits.append(FileEdit(path=path, version=document.version, edits=edits))
        if disk is not None and disk.executable != carried.executable:
            draft.writes.append(
                Write(path=path, old=disk, new=disk.data, executable=carried.executable)
            )
        return ""

    def _index(self, draft: _Draft, path: str, present: Mapping[str, Entry | None]) -> str:
        """Add what happens to an entry of the index; why nothing can, or nothing."""
        before, after = self.kept.index_before.get(path), self.kept.index_after.get(path)
        if before == after:
            return ""
        if path in present and present[path] is None:
            return "it is unmerged in the index"
        entry = carry_entry(self.repo, ours=present.get(path), ancestor=after, theirs=before)
        if isinstance(entry, Stays):
            return "it was staged in another way since"
        draft.index[path] = entry
        return ""

    def _leave(self, draft: _Draft) -> None:
        """A file that conflicts anywhere is left alone everywhere."""
        aside = draft.conflicts
        draft.writes = [write for write in draft.writes if write.path not in aside]
        draft.edits = [edit for edit in draft.edits if edit.path not in aside]
        draft.index = {path: e for path, e in draft.index.items() if path not in aside}
        draft.tip = {path: e for path, e in draft.tip.items() if path not in aside}

    def _revert(
        self, tip: Tip | None, draft: _Draft, *, message: str, name: str
    ) -> Committed | None:
        if tip is None:
            return None
        return commit_onto(
            self.repo, tip, draft.tip, message=message, name=name, reason=f"makeitso: undo {name}"
        )


def _content(contents: Mapping[str, bytes], entry: Entry | None) -> Content | None:
    if entry is None:
        return None
    return Content(contents[entry.blob], entry.mode == "100755")
