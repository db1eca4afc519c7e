"""Repositories in which what is stored and what lies in the working tree are not the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import git_sandbox
from landing.git_workspace import Work

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINK, SUBMODULE = "120000", "160000"
LINES = 60


def content(name: str, end: bytes = b"\n") -> list[bytes]:
    return [f"{name} {number}".encode() + end for number in range(1, LINES + 1)]


BEGIN: Mapping[str, bytes] = {
    "plain.txt": b"".join(content("line")),
    "crlf.txt": b"".join(content("dos", b"\r\n")),
    "bom.txt": b"\xef\xbb\xbf" + b"".join(content("mark")),
    "ende.txt": b"".join(content("open")).removesuffix(b"\n"),
    "dir/ünï cödé.txt": b"".join(content("größe")),
    "old name.txt": b"".join(content("moved")),
    "bits.bin": b"\0\1\2",
    "empty.txt": b"",
    "gone.txt": b"".join(content("gone")),
}
"""Blobs that are committed, in every flavour."""


@dataclass(frozen=True)
class Flavour:
    """What a person told git about the files of a repository."""

    name: str
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    attributes: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Blobs that are committed besides."""
    utf16: tuple[str, ...] = ()
    """Paths whose text is UTF-16 in the working tree."""

    @property
    def begin(self) -> dict[str, bytes]:
        """All blobs that are committed, the attributes left out."""
        return {**BEGIN, **self.files}

    def lines(self, path: str, data: bytes) -> list[bytes]:
        """The lines of a file as a person sees them, with their ends."""
        text = data.decode("utf-16").encode() if path in self.utf16 else data
        return text.splitlines(keepends=True)

    def joined(self, path: str, lines: list[bytes]) -> bytes:
        """The file that shows these lines."""
        data = b"".join(lines)
        if path not in self.utf16:
            return data
        return b"\xff\xfe" + data.decode().encode("utf-16-le")

    def tell(self, box: git_sandbox.Sandbox) -> None:
        """Let a repository be of this flavour."""
        for name, value in self.config.items():
            box.git("config", name, value)
        if self.attributes:
            box.write(".gitattributes", self.attributes.encode())


ROT13 = "tr A-Za-z N-ZA-Mn-za-m"
PLAIN = Flavour("plain")
AUTOCRLF = Flavour("autocrlf", config={"core.autocrlf": "true", "core.safecrlf": "false"})
ATTRIBUTES = Flavour(
    "attributes",
    config={"filter.rot.clean": ROT13, "filter.rot.smudge": ROT13, "filter.rot.required": "true"},
    attributes=(
        "plain.txt text eol=crlf\n"
        "bom.txt text eol=crlf\n"
        "ende.txt text=auto\n"
        "wide.txt text working-tree-encoding=UTF-16LE-BOM eol=crlf\n"
        "ident.txt ident\n"
        "rot.txt filter=rot\n"
        "*.bin -text\n"
    ),
    files={
        "wide.txt": b"".join(content("breit ü")),
        "ident.txt": b"$Id$\n" + b"".join(content("named")[1:]),
        "rot.txt": b"".join(content("turned")),
    },
    utf16=("wide.txt",),
)
FLAVOURS = (PLAIN, AUTOCRLF, ATTRIBUTES)


def repository(root: Path, flavour: Flavour) -> Work:
    """A repository of that flavour with everything committed, and checked out by git."""
    box = git_sandbox.make(root)
    box.write(".git/info/exclude", b".makeitso\n")
    flavour.tell(box)
    for path, data in flavour.begin.items():
        blob = box.git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        box.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    blob = box.git("hash-object", "-w", "--stdin", stdin=b"plain.txt").decode().strip()
    box.git("update-index", "--add", "--cacheinfo", f"{LINK},{blob},way")
    box.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},{'1' * 40},sub")
    if flavour.attributes:
        box.git("add", ".gitattributes")
    box.git("commit", "-q", "-m", "begin")
    box.git("checkout", "-q", "-f", "--", ".")
    return Work(box)


def proposal(flavour: Flavour) -> dict[str, bytes | None]:
    """Blobs that are proposed: three lines of each text, a line that comes twice, a block that
    moves, and one change of every other kind.
    """
    found: dict[str, bytes | None] = {}
    for path, data in flavour.begin.items():
        lines = data.splitlines(keepends=True)
        if len(lines) < LINES or path == "gone.txt":
            continue
        for at in (4, 24, 44):
            end = lines[at][len(lines[at].rstrip(b"\r\n")) :]
            lines[at] = b"proposed" + end
        lines[50:50] = lines[10:11]
        if path == "plain.txt":
            lines[36:36] = lines[28:31]
            del lines[28:31]
        found[path] = b"".join(lines)
    found["new name.txt"] = found.pop("old name.txt")
    found["old name.txt"] = None
    found["bits.bin"] = b"\0\2\1"
    found["empty.txt"] = b"filled\n"
    found["gone.txt"] = None
    found["fresh/made.txt"] = b"made\nwithout an end"
    found["fresh/empty.txt"] = b""
    return found


def refused_as_well(here: Work, tree: str) -> str:
    """The tree with a link and a submodule that point elsewhere, and a link more."""
    env = {"GIT_INDEX_FILE": f"{here.root}/.git/test-index"}
    here.box.git("read-tree", tree, env=env)
    blob = here.box.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd").decode().strip()
    for entry in (f"{LINK},{blob},way", f"{LINK},{blob},more", f"{SUBMODULE},{'2' * 40},sub"):
        here.box.git("update-index", "--add", "--cacheinfo", entry, env=env)
    return here.box.git("write-tree", env=env).decode().strip()
