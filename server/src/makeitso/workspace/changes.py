"""The change between two trees, as git sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.plans.collecting import no_collecting
from makeitso.review import paths
from makeitso.review.build import Facts, build, show_path
from makeitso.review.proving import prover
from makeitso.review.rawdiff import parse_patches, parse_raw
from makeitso.workspace import blobs
from makeitso.workspace.file_kinds import flags_by_path
from makeitso.workspace.git_process import GitPlace, run_git
from makeitso.workspace.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.protocol.change import Change
    from makeitso.protocol.plan import Check
    from makeitso.review.rawdiff import RawEntry
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


def between(
    repo: Repository,
    base_tree: str,
    tree: str,
    *,
    run: str,
    task: str,
    checks: Sequence[Check] = (),
    notes: tuple[str, ...] = (),
) -> Change:
    """All that differs between two trees, in hunks with three lines of context.

    `checks` are the task's own: what they name, a person decides on. The newest changes asked for
    are known without asking git again: a tree is named by what is in it.

    Raises:
        EnvironmentFault: a tree is missing or git failed.
    """
    known = (str(repo.common_dir), base_tree, tree, run, task, tuple(checks), notes)

    def make() -> Change:
        with no_collecting():
            return _compared(repo, base_tree, tree, run=run, task=task, checks=checks, notes=notes)

    return _recent.get(known, make)


def _compared(
    repo: Repository,
    base_tree: str,
    tree: str,
    *,
    run: str,
    task: str,
    checks: Sequence[Check],
    notes: tuple[str, ...],
) -> Change:
    place = _without_attributes(repo)
    entries = parse_raw(run_git([*_DIFF, "--raw", "-z", base_tree, tree], place=place))
    patch = run_git(
        [*_DIFF, "-p", "-U3", "--inter-hunk-context=0", "--diff-algorithm=histogram",
         "--indent-heuristic", "--src-prefix=a/", "--dst-prefix=b/", base_tree, tree],
        place=place,
    ) if entries else b""  # fmt: skip
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
    return build(entries, parse_patches(patch, entries), facts=facts)


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
    added = [show_path(entry.path) for entry in entries if entry.status == "A"]
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
