"""Which hunks fit everywhere they are to be: the working tree, the index, a commit's tree.

A hunk lands in all of its places or in none: what conflicts in one of them is set aside, and the
rest is computed again without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.landing.onto_tree import lay_entries
from makeitso.landing.per_file import Conflict, Present, plan_file
from makeitso.landing.published import dirty_elsewhere
from makeitso.landing.renaming import Around, plan_renamed
from makeitso.review import marks
from makeitso.workspace import blobs, git_convert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from makeitso.landing.editor import OpenText
    from makeitso.landing.per_file import FilePlan
    from makeitso.protocol.change import Change, ChangedFile
    from makeitso.workspace.git import Repository
    from makeitso.workspace.trees import Entry


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where hunks are to land; None: not there."""

    documents: Mapping[str, OpenText | None] | None
    """The working tree, with what is open in the editor."""
    index: Mapping[str, Entry | None] | None = None
    """The index; an entry that is None is unmerged."""
    tip: Mapping[str, Entry] | None = None
    """The tree that is committed on."""
    tip_name: str = "in HEAD"


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What lands where, and what does not fit."""

    landed: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    plans: tuple[FilePlan, ...]
    index: Mapping[str, Entry | None] = field(default_factory=dict[str, "Entry | None"])
    tip: Mapping[str, Entry | None] = field(default_factory=dict[str, "Entry | None"])


def fit(repo: Repository, change: Change, places: Places) -> Fit:
    """Compute it for the accepted hunks of a change. Writes nothing but objects.

    Raises:
        EnvironmentFault: git failed.
    """
    order = [hunk.id for hunk in marks.all_hunks(change) if hunk.state == "accepted"]
    aside: dict[str, Conflict] = {}
    while True:
        chosen = {name: None for name in order if name not in aside}
        found = _once(repo, change, chosen, places)
        if not found.conflicts or (places.index is None and places.tip is None):
            conflicts = (*aside.values(), *found.conflicts)
            refused = {conflict.hunk for conflict in conflicts}
            landed = tuple(name for name in chosen if name not in refused)
            if places.documents is not None:
                landed = tuple(name for plan in found.plans for name in plan.landed)
            return Fit(
                landed=landed,
                conflicts=conflicts,
                plans=found.plans,
                index=found.index,
                tip=found.tip,
            )
        for conflict in found.conflicts:
            aside.setdefault(conflict.hunk, conflict)


def _once(repo: Repository, change: Change, chosen: Collection[str], places: Places) -> Fit:
    plans: list[FilePlan] = []
    conflicts: list[Conflict] = []
    if places.documents is not None:
        plans = _in_files(repo, _only(change, chosen), places.documents)
        conflicts += [conflict for plan in plans for conflict in plan.conflicts]
    index: Mapping[str, Entry | None] = {}
    if places.index is not None:
        unmerged = {path for path, entry in places.index.items() if entry is None}
        conflicts += [
            Conflict(hunk=hunk.id, path=hunk.path, reason="it is unmerged in the index")
            for hunk in marks.all_hunks(change)
            if hunk.id in chosen and unmerged & {hunk.path, hunk.origin}
        ]
        merged = {path: entry for path, entry in places.index.items() if entry is not None}
        index, found = lay_entries(repo, merged, change, chosen)
        conflicts += _worded(found, merged, change, where="in the index")
    tip: Mapping[str, Entry | None] = {}
    if places.tip is not None:
        tip, found = lay_entries(repo, places.tip, change, chosen)
        conflicts += _worded(found, places.tip, change, where=places.tip_name)
    return Fit(landed=(), conflicts=tuple(conflicts), plans=tuple(plans), index=index, tip=tip)


def _worded(
    conflicts: Sequence[Conflict], present: Mapping[str, Entry], change: Change, *, where: str
) -> list[Conflict]:
    """Say which of the places it is that a hunk does not fit."""
    known = {file.origin or file.path for file in change.files if file.base_blob is not None}
    return [
        Conflict(
            hunk=conflict.hunk,
            path=conflict.path,
            reason=f"{where} there is no such file"
            if conflict.path in known and conflict.path not in present
            else f"{where}: {conflict.reason}",
        )
        for conflict in conflicts
    ]


def _only(change: Change, chosen: Collection[str]) -> list[ChangedFile]:
    """The files with chosen hunks; others that are accepted wait."""
    narrowed = marks.with_states(
        change,
        {
            hunk.id: "pending"
            for hunk in marks.all_hunks(change)
            if hunk.state == "accepted" and hunk.id not in chosen
        },
    )
    return [f for f in narrowed.files if any(hunk.state == "accepted" for hunk in f.hunks)]


def _in_files(
    repo: Repository, wanted: Sequence[ChangedFile], documents: Mapping[str, OpenText | None]
) -> list[FilePlan]:
    elsewhere = dirty_elsewhere(repo.root)
    names = {file.path: [name for name in (file.path, file.origin) if name] for file in wanted}
    plain = [name for file in wanted if not file.refused for name in names[file.path]]
    conversions = git_convert.conversions(repo, plain)
    needed = [blob for file in wanted for blob in (file.base_blob, file.new_blob) if blob]
    contents = blobs.read(repo, needed) if needed else {}
    plans: list[FilePlan] = []
    for file in wanted:
        present = {
            name: Present(document=documents[name], elsewhere=elsewhere.get(name))
            for name in names[file.path]
        }
        if file.origin is not None:
            around = Around(contents=contents, present=present, conversions=conversions)
            plan = plan_renamed(repo, file, around)
        else:
            plan = plan_file(
                repo,
                file,
                contents=contents,
                present=present[file.path],
                conversion=conversions.get(file.path, git_convert.Conversion()),
            )
        plans.append(plan)
    return plans
