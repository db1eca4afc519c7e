"""A patch as the tree it makes of another one: a plain diff, or the messages of a mailbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.workspace.git_process import GitPlace, GitResult, run_git, try_git
from makeitso.workspace.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from makeitso.workspace.git import Repository

MOST_BYTES = 64_000_000
"""A patch past this is no change anybody reviews; it would be held in memory several times."""
_APPLY = ("apply", "--cached", "--whitespace=nowarn")
_MAIL = re.compile(rb"(?:From |[A-Z][A-Za-z-]*: )[^\n]*\n")
_FAILED = re.compile(r"patch failed: (?P<path>.*):(?P<line>\d+)$")
_CORRUPT = re.compile(r"(?:corrupt patch at|patch fragment without header at) (?:line |.*:)(\d+)")
_SHOWN = 5
"""Complaints of git that are told; a patch of another project has thousands."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What a patch makes of a tree, and what it says about itself."""

    tree: str
    title: str = ""
    """Subject of its first message; empty: it has none."""
    summary: str = ""


def apply_patch(repo: Repository, base_tree: str, patch: bytes, *, name: str) -> Applied:
    """Apply a patch to a tree through a private index; nothing else is touched.

    Where a hunk does not fit, the blobs that the patch names are merged with, as `git am -3` does.

    Args:
        repo: the repository.
        base_tree: the tree.
        patch: the patch.
        name: what people know it by, for messages.

    Raises:
        UsageError: it is too large, no patch, names a place outside, or does not fit; the places
            are in the data.
    """
    if len(patch) > MOST_BYTES:
        raise UsageError(
            f"{name} is larger than {MOST_BYTES // 1_000_000} MB",
            hint="apply it to a branch of its own, and review that",
        )
    with scratch(repo) as folder:
        place = GitPlace(git_dir=repo.common_dir, index=folder / "index")
        run_git(["read-tree", base_tree], place=place)
        texts = [patch]
        said: list[tuple[str, str]] = []
        if _MAIL.match(patch):
            texts, said = _messages(repo, patch, folder)
        for text in texts:
            _apply(place, text, name=name, of=len(texts))
        tree = run_git(["write-tree"], place=place).decode("ascii").strip()
    title = said[0][0] if said else ""
    if len(said) > 1:
        summary = "\n".join(subject for subject, _ in said)
    else:
        summary = said[0][1] if said else ""
    return Applied(tree=tree, title=title, summary=summary)


def _messages(
    repo: Repository, mail: bytes, folder: Path
) -> tuple[list[bytes], list[tuple[str, str]]]:
    """The patches of a mailbox in order, and subject and body of each."""
    place = repo.objects()
    # A mail program ends every line with a carriage return; else those in it are the files' own.
    lines = mail.count(b"\n")
    keep = ["--keep-cr"] if mail.count(b"\r\n") < lines else []
    run_git(["mailsplit", "-b", "-d4", *keep, f"-o{folder}"], place=place, stdin=mail)
    texts: list[bytes] = []
    said: list[tuple[str, str]] = []
    for path in sorted(folder.glob("[0-9]*")):
        body, diff = folder / "message", folder / "patch"
        head = run_git(
            ["mailinfo", "--encoding=utf-8", str(body), str(diff)],
            place=place,
            stdin=path.read_bytes(),
        )
        text = diff.read_bytes()
        if text.strip():  # a covering letter has none
            texts.append(text)
            found = re.search(rb"^Subject: (.*)$", head, re.MULTILINE)
            subject = found[1].decode("utf-8", "replace") if found else ""
            said.append((subject, body.read_text("utf-8", "replace").strip()))
    return texts or [mail], said


def _apply(place: GitPlace, patch: bytes, *, name: str, of: int) -> None:
    plain = try_git([*_APPLY, "-"], place=place, stdin=patch)
    if plain.code == 0:
        return
    merged = try_git([*_APPLY, "--3way", "-"], place=place, stdin=patch)
    if merged.code == 0 and not run_git(["ls-files", "-u"], place=place):
        return
    there = try_git([*_APPLY, "--check", "--reverse", "-"], place=place, stdin=patch)
    raise _misfit(plain, name=name, there=there.code == 0 and of == 1)


def _misfit(result: GitResult, *, name: str, there: bool) -> UsageError:
    complaints = [
        line.removeprefix("error: ").partition(" (allow with")[0]
        for line in result.complaint.splitlines()
        if line.startswith("error: ")
    ]
    if there:
        return UsageError(f"{name} is in HEAD already", hint="there is nothing left to review")
    places = _places(complaints)
    said = [f"{place['path']}, hunk at line {place['line']}" for place in places if "path" in place]
    said += [line for line in complaints if not _FAILED.match(line) and not _follows(line, places)]
    more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return UsageError(
        f"{name} does not fit HEAD: {'; '.join(said[:_SHOWN]) or result.complaint}{more}",
        hint="a patch is taken as against HEAD, or as against the blobs it names if they are here",
        data={"places": places},
    )


def _places(complaints: Sequence[str]) -> list[dict[str, object]]:
    """Files and lines that git complains about; without a path the line is one of the patch."""
    places: list[dict[str, object]] = []
    for line in complaints:
        if failed := _FAILED.match(line):
            places.append({"path": failed["path"], "line": int(failed["line"])})
        elif corrupt := _CORRUPT.match(line):
            places.append({"patch_line": int(corrupt[1])})
    return places


def _follows(line: str, places: Sequence[dict[str, object]]) -> bool:
    """Whether a complaint only repeats that a file does not fit whose place is known."""
    path, _, what = line.rpartition(": ")
    return what == "patch does not apply" and any(place.get("path") == path for place in places)
