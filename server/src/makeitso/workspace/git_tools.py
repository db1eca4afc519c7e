"""Programs a person told git to use: pager, editor, diff filter, difference tools. Nothing is run.

They are the person's own, from their git configuration, as git itself would start them.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.workspace.git_process import try_git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.workspace.git import Repository

_BUILT_IN: Mapping[str, str] = {
    "vimdiff": "vim -d",
    "nvimdiff": "nvim -d",
    "gvimdiff": "gvim -f -d",
    "meld": "meld",
    "kdiff3": "kdiff3",
    "kompare": "kompare",
    "diffuse": "diffuse",
    "bc": "bcompare",
    "opendiff": "opendiff",
    "vscode": "code --wait --diff",
}
"""Names that git knows without settings, with the commands behind them."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that shows two files side by side.

    Attributes:
        command: a shell command line.
        variables: it takes the files from `$LOCAL` and `$REMOTE`; else they are its last arguments.
    """

    command: str
    variables: bool = False

    def argv(self, local: str, remote: str) -> Sequence[str]:
        """What is started."""
        if self.variables:
            return ("/bin/sh", "-c", self.command)
        return (*shlex.split(self.command), local, remote)


def setting(repo: Repository, key: str) -> str:
    """A setting of git as the person made it; empty: they made none.

    What we ourselves tell git on its command line does not count.
    """
    asked = try_git(["config", "-z", "--show-scope", "--get-all", key], place=repo.place())
    fields = asked.out.decode("utf-8", "replace").split("\0") if asked.code == 0 else []
    values = [
        value for scope, value in zip(fields[::2], fields[1::2], strict=False) if scope != "command"
    ]
    return values[-1] if values else ""


def pager(repo: Repository) -> str:
    """The shell command that pages, in git's order; empty: none is wanted."""
    if "GIT_PAGER" in os.environ:
        return _unless_cat(os.environ["GIT_PAGER"])
    found = setting(repo, "core.pager") or os.environ.get("PAGER", "less")
    return _unless_cat(found)


def editor(repo: Repository) -> str:
    """The shell command that edits a text, in git's order."""
    named = os.environ.get("GIT_EDITOR") or setting(repo, "core.editor")
    return named or os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"


def _unless_cat(command: str) -> str:
    return "" if command.strip() in ("", "cat") else command


def tool(repo: Repository, named: str) -> Tool:
    """The program that a person means by a name or command line.

    `default` is what `git difftool` would take: `diff.tool`, else `merge.tool`. A name with a
    `difftool.<name>.cmd` or `mergetool.<name>.cmd` is that command; a name git knows is its
    program; everything else is a command line.
    """
    name = named
    if named == "default":
        name = setting(repo, "diff.tool") or setting(repo, "merge.tool") or "vimdiff"
    for kind in ("difftool", "mergetool"):
        command = setting(repo, f"{kind}.{name}.cmd") if _is_name(name) else ""
        if command:
            return Tool(command=command, variables=True)
    for kind in ("difftool", "mergetool"):
        path = setting(repo, f"{kind}.{name}.path") if _is_name(name) else ""
        if path:
            flags = _BUILT_IN.get(name, name).partition(" ")[2]
            return Tool(command=f"{shlex.quote(path)} {flags}")
    return Tool(command=_BUILT_IN.get(name, name))


def _is_name(text: str) -> bool:
    return bool(text) and not any(mark.isspace() or mark in "/\\" for mark in text)
