"""A commit as the person would make it: their name, their signature, their hooks; no ref moves.

`git commit` runs with a git directory of its own: the repository's objects, a copy of its refs, the
person's config, and HEAD on the branch the commit is meant for. Hooks find exactly the files of the
commit in a working tree of their own, below the workspace, so that what they look for upwards from
there is found. Whatever they do, the person's index, files and branches are not in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault, StateError
from makeitso.workspace.git_process import GitPlace, clean_environment, git_fault, run_git, try_git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from makeitso.workspace.git import Repository

TIMEOUT_S = 900.0
"""Longest commit with all its hooks."""
SCRATCH = ".makeitso/commits"
_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
_SAID = 2000
"""Characters of what a hook said that are kept: its end."""
_IDENTITY = tuple(
    f"GIT_{role}_{key}" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
)
_UNDER_WAY = (
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A commit that nothing points at yet."""

    commit: str
    tree: str
    """Its tree: another one than was asked for when a hook changed files."""


def require_free(repo: Repository) -> None:
    """See that a commit on what is checked out would not end up within something else.

    Raises:
        StateError: a merge, rebase, cherry-pick or revert is under way.
    """
    for name, what in _UNDER_WAY:
        if (repo.git_dir / name).exists():
            raise StateError(
                f"a {what} is under way, so nothing is committed",
                hint=f"`git {what} --continue` or `--abort` first, or land with --target files",
            )


def make(
    repo: Repository, tree: str, *, parent: str | None, branch: str | None, message: str, name: str
) -> Made:
    """Commit a tree.

    Args:
        repo: the repository.
        tree: what to commit.
        parent: the commit it follows; None: it is the first.
        branch: the branch it is meant for, without `refs/heads/`; None: a detached HEAD.
        message: as it is to stand in the commit.
        name: of the landing; what is made on the way carries it.

    Raises:
        StateError: a hook, or git, refused it, with what they said; or git knows no author.
        EnvironmentFault: git is missing, or a hook did not end.
    """
    own = repo.state_dir / f"commit-{name}"
    scratch = repo.root / SCRATCH / name
    discard(repo, name)
    try:
        _git_directory(repo, own, parent=parent, branch=branch)
        scratch.mkdir(parents=True)
        place = GitPlace(git_dir=own, work_tree=scratch)
        objects = {"GIT_OBJECT_DIRECTORY": os.fspath(repo.common_dir / "objects")}
        run_git(["read-tree", tree], place=place, environment=objects)
        hooks = _hooks(repo)
        if any(os.access(hooks / hook, os.X_OK) for hook in _HOOKS):
            run_git(["checkout-index", "--all", "--quiet"], place=place, environment=objects)
        _commit(place, objects, hooks=hooks, signing=_signing(repo), message=message)
        found = run_git(
            ["rev-parse", "HEAD^{commit}", "HEAD^{tree}"], place=place, environment=objects
        )
    finally:
        discard(repo, name)
    commit, made = found.decode("ascii").split()
    return Made(commit=commit, tree=made)


def discard(repo: Repository, name: str) -> None:
    """Remove what making a commit leaves, also after a crash."""
    for place in (repo.state_dir / f"commit-{name}", repo.root / SCRATCH / name):
        if place.exists():
            shutil.rmtree(place)


def worded(repo: Repository, text: str, *, trailers: Sequence[tuple[str, str]]) -> str:
    """A commit message with trailers."""
    options = [part for key, value in trailers for part in ("--trailer", f"{key}: {value}")]
    out = run_git(
        ["interpret-trailers", "--if-exists", "addIfDifferent", *options],
        place=repo.objects(),
        stdin=(text.strip() + "\n").encode("utf-8", "backslashreplace"),
    )
    return out.decode("utf-8", "backslashreplace")


def _git_directory(repo: Repository, own: Path, *, parent: str | None, branch: str | None) -> None:
    (own / "refs").mkdir(mode=0o700, parents=True)
    refs = run_git(["for-each-ref", "--format=%(objectname) %(refname)"], place=repo.objects())
    ours = f" refs/heads/{branch}".encode("utf-8", "surrogateescape")
    kept = [
        line
        for line in refs.splitlines(keepends=True)
        if b" refs/makeitso/" not in line and line.rstrip(b"\n")[-len(ours) :] != ours
    ]
    (own / "packed-refs").write_bytes(b"".join(kept))
    head = f"ref: refs/heads/{branch}" if branch is not None else parent or ""
    (own / "HEAD").write_bytes(head.encode("utf-8", "surrogateescape") + b"\n")
    if branch is not None and parent is not None:
        ref = own / "refs/heads" / branch
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(parent + "\n", encoding="ascii")
    config = own / "config"
    theirs = repo.common_dir / "config"
    format_ = try_git(
        ["config", "-z", "-f", os.fspath(theirs), "--get-regexp",
         r"^(core\.repositoryformatversion|extensions\.(objectformat|partialclone))$"],
        place=GitPlace(), cwd=own,
    ) if theirs.exists() else None  # fmt: skip
    settings = [("core.bare", "false")]
    for line in (format_.out if format_ is not None else b"").split(b"\0"):
        key, _, value = line.decode("utf-8", "surrogateescape").partition("\n")
        settings += [(key, value)] if key else []
    settings += [
        ("include.path", os.fspath(path))
        for path in (theirs, repo.git_dir / "config.worktree")
        if path.exists()
    ]
    for key, value in settings:
        run_git(["config", "-f", os.fspath(config), "--add", key, value], place=GitPlace(), cwd=own)


def _hooks(repo: Repository) -> Path:
    """Where the person's hooks are; a relative `core.hooksPath` means their own working tree."""
    asked = _person_git(["rev-parse", "--git-path", "hooks"], repo.place(), {}, timeout_s=60.0)
    if asked.returncode != 0:
        return repo.common_dir / "hooks"
    return repo.root / os.fsdecode(asked.stdout).rstrip("\n")


def _signing(repo: Repository) -> list[str]:
    """Options for a signing key that is named by a path: that is one from their working tree."""
    asked = try_git(["config", "--get", "user.signingkey"], place=repo.place())
    named = os.fsdecode(asked.out).rstrip("\n") if asked.code == 0 else ""
    if not named or named.startswith(("/", "~")) or not (repo.root / named).is_file():
        return []
    return ["-c", f"user.signingkey={repo.root / named}"]


def _commit(
    place: GitPlace, objects: dict[str, str], *, hooks: Path, signing: Sequence[str], message: str
) -> None:
    done = _person_git(
        [*signing, "-c", f"core.hooksPath={hooks}", "-c", "i18n.commitEncoding=utf-8",
         "commit", "--quiet", "--cleanup=whitespace", "--no-edit", "-F", "-"],
        place, objects, stdin=message.encode("utf-8", "backslashreplace"), timeout_s=TIMEOUT_S,
    )  # fmt: skip
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).decode("utf-8", "backslashreplace").strip()[-_SAID:]
    if "tell me who you are" in said or "auto-detect email" in said:
        raise StateError(
            "git does not know who you are, so nothing is committed",
            hint='git config --global user.name "…" and user.email, then land again',
        )
    raise StateError(
        f"git refused the commit, so nothing landed: {said or 'a hook ended without a word'}",
        hint="put right what it complains about and accept again, or land with --target files",
    )


def _person_git(
    args: Sequence[str],
    place: GitPlace,
    objects: dict[str, str],
    *,
    stdin: bytes = b"",
    timeout_s: float,
) -> subprocess.CompletedProcess[bytes]:
    """Git as the person runs it: with their hooks, and the author their environment names."""
    told = {name: os.environ[name] for name in _IDENTITY if name in os.environ}
    quiet = ("gc.auto=0", "maintenance.auto=false", "core.fsmonitor=false", "core.quotePath=false")
    options = [part for one in quiet for part in ("-c", one)]
    environment = clean_environment(
        {**place.environment(), **objects, **told, "GIT_EDITOR": ":", "GIT_OPTIONAL_LOCKS": "1"}
    )
    try:
        return subprocess.run(
            ["git", *options, *args],
            input=stdin,
            cwd=place.work_tree,
            env=environment,
            capture_output=True,
            check=False,
            timeout=timeout_s,
        )
    except FileNotFoundError as error:
        raise EnvironmentFault("git was not found on PATH.") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(
            f"The commit did not end within {timeout_s:.0f} s and was stopped.",
            hint="A hook hangs; try `git commit` by hand.",
        ) from error


def move_ref(repo: Repository, ref: str, *, old: str | None, new: str, reason: str) -> bool:
    """Let a ref (HEAD: what it stands for) point at a commit; False: it is no longer at `old`."""
    expected = old or "0" * len(new)
    done = try_git(
        ["update-ref", "-m", reason, ref, new, expected], place=GitPlace(git_dir=repo.git_dir)
    )
    moved = ("but expected", "already exists", "unable to resolve reference")
    if done.code != 0 and not any(word in done.complaint for word in moved):
        raise git_fault("update-ref", done)
    return done.code == 0


def commit_at(repo: Repository, ref: str) -> str | None:
    """The commit a ref or revision names; None: none."""
    found = try_git(
        ["rev-parse", "-q", "--verify", f"{ref}^{{commit}}"], place=GitPlace(git_dir=repo.git_dir)
    )
    return found.out.decode("ascii").strip() if found.code == 0 else None


def contains(repo: Repository, commit: str, *, in_: str) -> bool:
    """Whether a commit is in the history of another."""
    asked = try_git(["merge-base", "--is-ancestor", commit, in_], place=repo.objects())
    return asked.code == 0


def author(repo: Repository, commit: str) -> str:
    """The e-mail address of who made a commit."""
    out = run_git(["log", "-1", "--format=%ae", commit, "--"], place=repo.objects())
    return out.decode("utf-8", "backslashreplace").strip()
