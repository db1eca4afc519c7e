"""What a manager is told of a repository it may not be able to read: its files and its own words.

Pure: the caller lists the files and reads the documents. The result is text of the repository and
goes into a prompt as data.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.prompts.cut import SHORTEST, cut_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FACTS_LIMIT = 24_000
"""Characters of facts in a prompt; with its 4 characters a token, about 6,000 tokens."""


def repository_facts(
    paths: Iterable[str], documents: Mapping[str, str], *, limit: int = FACTS_LIMIT
) -> str:
    """The facts, at most `limit` characters, the same for the same files in any order.

    Args:
        paths: tracked and untracked files that are not ignored, relative, with forward slashes.
        documents: text by path of what a newcomer reads first (AGENTS.md, the README, build
            files), most important first.
        limit: greatest length of the result, at least 1,000.

    Raises:
        ValueError: `limit` is below 1,000.
    """
    if limit < _SMALLEST:
        raise ValueError(f"limit {limit} is below {_SMALLEST}")
    listed = sorted({_on_one_line(path) for path in paths})
    told = {_on_one_line(path): text.strip() for path, text in documents.items() if text.strip()}
    heading = f"{len(listed)} files" if len(listed) != 1 else "1 file"
    room = limit // 2 if told else limit
    tree = list_files(listed, room=room - len(heading) - len(":\n"))
    result = f"{heading}:\n{tree}" if listed else "No files yet."
    return result + _documents(told, room=limit - len(result))


_SMALLEST = 1_000
_SMALLEST_DOCUMENT = SHORTEST + 80


def list_files(paths: Sequence[str], *, room: int) -> str:
    """The files one a line, or with deep directories counted, as deep as fits in `room`."""
    deepest = max((path.count("/") for path in paths), default=0)
    for depth in range(deepest, -1, -1):
        lines = _down_to(paths, depth=depth)
        if sum(len(line) + 1 for line in lines) <= room + 1:
            return "\n".join(lines)
    return cut_text("\n".join(_down_to(paths, depth=0)), room, head=0.7)


def _down_to(paths: Sequence[str], *, depth: int) -> list[str]:
    """Files up to `depth` directories deep; what lies deeper as counts of its directory."""
    lines: list[str] = []
    deeper: Counter[str] = Counter()
    for path in paths:
        parts = path.split("/")
        if len(parts) - 1 <= depth:
            lines.append(path)
        else:
            deeper["/".join(parts[: depth + 1])] += 1
    lines += [
        f"{directory}/ ({count} file{'' if count == 1 else 's'})"
        for directory, count in deeper.items()
    ]
    return sorted(lines)


def _documents(documents: Mapping[str, str], *, room: int) -> str:
    """The documents in their order, each with an equal share of what is left when it comes."""
    result = ""
    for left, (path, text) in zip(range(len(documents), 0, -1), documents.items(), strict=True):
        heading = f"\n\n=== {path} ===\n"
        share = (room - len(result)) // left - len(heading)
        if share >= _SMALLEST_DOCUMENT:
            result += heading + cut_text(text, share, head=0.8)
    return result


def _on_one_line(path: str) -> str:
    return path if path.isprintable() else path.encode("unicode_escape").decode("ascii")
