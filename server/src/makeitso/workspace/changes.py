"""The change between two trees, as git sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from makeitso.plans.collecting import no_collecting
from makeitso.review import paths
from makeitso.review.build import Facts, build, show_path
from makeitso.review.proving import prover
from makeitso.review.rawdiff import (
    EMPTY_PATCH,
    RawEntry,
    parse_moves,
    parse_patches,
    parse_raw,
)
from makeitso.workspace import blobs, trees
from makeitso.workspace.file_kinds import flags_by_path
from makeitso.workspace.git_process import GitPlace, run_git
from makeitso.workspace.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.protocol.change import Change
    from makeitso.protocol.plan import Check
    from makeitso.review.rawdiff import RawPatch
    from makeitso.workspace.git import Repository

BIG_FILE = "4m"
"""Files past this are compared as wholes: nobody reviews their lines, and printing them is slow."""

_DIFF: tuple[str, ...] = (
    "-c",
    "core.attributesFile=/dev/null",
    "-c",
    f"core.bigFileThreshold={BIG_FILE}",
    "diff-tree",
    "-r",
    "--no-renames",
    "--full-index",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=none",
    "--submodule=short",
)


def _weight(change: Change) -> int:
    return 1 + sum(len(file.hunks) for file in change.files)


KEPT_HUNKS = 30_000
"""A change of so many stays known, so that a mark does not cost what comparing the trees did."""
_recent: Recent[Change] = Recent(room=KEPT_HUNKS, weight=_weight)


SIMILAR = "50%"
"""So much of a file must be as it was for it to count as renamed; git's own measure."""
MOST_COMPARED = 1000
"""Of so many files that came, and that went, names are looked for by content; git's own limit."""


def moves(
    repo: Repository, base_tree: str, tree: str, *, kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Files that have another name in a tree: path there, path in the base.

    Only plain files that may land; what is empty is like every other empty file.

    Args:
        repo: the repository.
        base_tree: the one.
        tree: the other.
        kept: what was found of an earlier tree; it stays as long as both paths say so.

    Raises:
        EnvironmentFault: a tree is missing or git failed.
    """
    options = [one for one in _DIFF if one != "--no-renames"]
    out = run_git(
        [*options, f"--find-renames={SIMILAR}", f"-l{MOST_COMPARED}", "--no-rename-empty", "--raw",
         "-z", base_tree, tree],
        place=_without_attributes(repo),
    )  # fmt: skip
    found = {
        new.decode("utf-8"): entry.path.decode("utf-8")
        for new, entry in parse_moves(out).items()
        if not any(
            paths.refusal(path, old_mode=entry.old_mode, new_mode=entry.new_mode)
            for path in (new, entry.path)
        )
    }
    if not kept:
        return found
    earlier = set(kept) | set(kept.values())
    found = {new: old for new, old in found.items() if new not in earlier and old not in earlier}
    raw = run_git([*_DIFF, "--raw", "-z", base_tree, tree], place=_without_attributes(repo))
    return {**_standing(parse_raw(raw), kept), **found}


def _standing(entries: Sequence[RawEntry], known: Mapping[str, str]) -> dict[str, str]:
    """Those of them of which the one path is gone and the other is new."""
    status = {show_path(entry.path): entry.status for entry in entries}
    return {
        new: old for new, old in known.items() if status.get(new) == "A" and status.get(old) == "D"
    }


def between(
    repo: Repository,
    base_tree: str,
    tree: str,
    *,
    run: str,
    task: str,
    checks: Sequence[Check] = (),
    notes: tuple[str, ...] = (),
    moves: Mapping[str, str] | None = None,
) -> Change:
    """All that differs between two trees, in hunks with three lines of context.

    `moves` are files to be shown as renamed, path there and path in the base: see `moves`.
    `checks` are the task's own: what they name, a person decides on. The newest changes asked for
    are known without asking git again: a tree is named by what is in it.

    Raises:
        EnvironmentFault: a tree is missing or git failed.
    """
    known = (str(repo.common_dir), base_tree, tree, run, task, tuple(checks), notes)
    renamed = dict(moves or {})

    def make() -> Change:
        with no_collecting():
            return _compared(
                repo, base_tree, tree, run=run, task=task, checks=checks, notes=notes, moves=renamed
            )

    return _recent.get((*known, tuple(sorted(renamed.items()))), make)


def _compared(
    repo: Repository,
    base_tree: str,
    tree: str,
    *,
    run: str,
    task: str,
    checks: Sequence[Check],
    notes: tuple[str, ...],
    moves: Mapping[str, str],
) -> Change:
    place = _without_attributes(repo)

    def raw(base: str) -> tuple[RawEntry, ...]:
        return parse_raw(run_git([*_DIFF, "--raw", "-z", base, tree], place=place))

    entries, shifted = raw(base_tree), base_tree
    moved: dict[bytes, RawEntry] = {}
    if moves and (standing := _standing(entries, moves)):
        shifted, moved = _shifted(repo, base_tree, entries, standing)
        entries = raw(shifted)
    patch = run_git(
        [*_DIFF, "-p", "-U3", "--inter-hunk-context=0", "--diff-algorithm=histogram",
         "--indent-heuristic", "--src-prefix=a/", "--dst-prefix=b/", shifted, tree],
        place=place,
    ) if entries else b""  # fmt: skip
    patches = parse_patches(patch, entries)
    if moved:
        entries, patches = _with_moves(entries, patches, moved)
    proposed = [entry.new_blob for entry in entries if entry.new_mode in paths.FILE_MODES]
    sizes = blobs.sizes(repo, proposed)
    facts = Facts(
        run=run,
        task=task,
        base_tree=base_tree,
        tree=tree,
        checks=checks,
        notes=notes,
        sizes=sizes,
        twins=_twins(repo, entries, tree=tree),
        texts=_texts(repo, entries, checks, sizes=sizes),
        file_flags=flags_by_path(repo, entries, base_tree=base_tree, sizes=sizes),
    )
    return build(entries, patches, facts=facts)


def _shifted(
    repo: Repository, base_tree: str, entries: Sequence[RawEntry], moves: Mapping[str, str]
) -> tuple[str, dict[bytes, RawEntry]]:
    """The base with files under their new names, and those files as they were, by that name.

    What differs from it is what changed within them.
    """
    gone = {show_path(entry.path): entry for entry in entries if entry.status == "D"}
    moved = {new.encode("utf-8"): gone[old] for new, old in moves.items()}
    changed: dict[str, trees.Entry | None] = dict.fromkeys(moves.values())
    for new, old in moves.items():
        changed[new] = trees.Entry(gone[old].old_mode, gone[old].old_blob)
    return trees.with_entries(repo, base_tree, changed), moved


def _with_moves(
    entries: Sequence[RawEntry], patches: Sequence[RawPatch], moved: Mapping[bytes, RawEntry]
) -> tuple[tuple[RawEntry, ...], tuple[RawPatch, ...]]:
    """Entries that say where files came from; those of which nothing else changed among them."""
    pairs = {
        entry.path: (replace(entry, origin=moved[entry.path].path), patch)
        if entry.path in moved
        else (entry, patch)
        for entry, patch in zip(entries, patches, strict=True)
    }
    for path, was in moved.items():
        if path not in pairs:
            entry = RawEntry(
                path=path,
                old_mode=was.old_mode,
                new_mode=was.old_mode,
                old_blob=was.old_blob,
                new_blob=was.old_blob,
                status="M",
                origin=was.path,
            )
            pairs[path] = (entry, EMPTY_PATCH)
    ordered = [pairs[path] for path in sorted(pairs)]
    return tuple(entry for entry, _ in ordered), tuple(patch for _, patch in ordered)


def _texts(
    repo: Repository,
    entries: Sequence[RawEntry],
    checks: Sequence[Check],
    *,
    sizes: Mapping[str, int],
) -> dict[str, tuple[bytes, bytes]]:
    """The settings of runners that the checks use, in the base and as proposed."""
    proof = prover(checks)
    wanted: dict[str, tuple[str, str]] = {}
    for entry in entries if checks else ():
        found = proof(show_path(entry.path))
        small = sizes.get(entry.new_blob, 0) <= paths.LARGE_BYTES
        if found is not None and found.lines is not None and small:
            wanted[show_path(entry.path)] = (
                entry.old_blob if entry.old_mode in paths.FILE_MODES else "",
                entry.new_blob if entry.new_mode in paths.FILE_MODES else "",
            )
    needed = [blob for both in wanted.values() for blob in both if blob]
    read = blobs.read(repo, needed) if needed else {}
    return {path: (read.get(old, b""), read.get(new, b"")) for path, (old, new) in wanted.items()}


def _twins(repo: Repository, entries: Sequence[RawEntry], *, tree: str) -> dict[str, str]:
    added = [show_path(entry.path) for entry in entries if entry.status == "A" or entry.origin]
    if not added:
        return {}
    names = run_git(["ls-tree", "-r", "-z", "--name-only", tree], place=repo.objects())
    return paths.twins(added, (show_path(name) for name in names.split(b"\0") if name))


def _without_attributes(repo: Repository) -> GitPlace:
    """A place where git finds no .gitattributes: a worker's would hide lines as binary.

    Git looks for them in its working directory, here the git directory, and in the index, here one
    that does not exist. A bare repository would not do: git 2.43 to 2.45 read HEAD's there.
    """
    return GitPlace(git_dir=repo.common_dir, index=repo.state_dir / "no-index")
