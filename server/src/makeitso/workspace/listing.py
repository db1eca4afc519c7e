"""What a manager is told of a repository: its files by name, and its instruction files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.workspace.git_process import run_git

if TYPE_CHECKING:
    from makeitso.workspace.git import Repository

DOCUMENTS = ("AGENTS.md", "README.md", "README.rst", "README", "CONTRIBUTING.md")
DOCUMENT_BYTES = 20_000


def overview(repo: Repository) -> tuple[list[str], dict[str, str]]:
    """Paths of tracked and untracked files, ignored ones left out, and the heads of documents.

    Raises:
        EnvironmentFault: git failed.
    """
    raw = run_git(
        ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], place=repo.place()
    )
    paths = sorted({p.decode("utf-8", "replace") for p in raw.split(b"\0") if p})
    documents: dict[str, str] = {}
    for name in DOCUMENTS:
        path = repo.root / name
        if name not in paths or path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            documents[name] = file.read(DOCUMENT_BYTES).decode("utf-8", "replace")
    return paths, documents
