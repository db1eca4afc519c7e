"""Commits as the person's git makes them: signed, and with hooks wherever those are."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from landing.git_workspace import Work, work
from makeitso.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"".join(b"line %d\n" % number for number in range(1, 31))
CHANGED = TEXT.replace(b"line 20\n", b"line twenty\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return work(tmp_path / "main", {"f.txt": TEXT, "g.txt": b"g\n"})


@pytest.fixture
def key(tmp_path: Path, here: Work) -> Path:
    """A key on disk, with no agent to hold it, that git is told to sign with."""
    made = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(made)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    public = made.with_suffix(".pub").read_text("utf-8")
    (tmp_path / "signers").write_text(f"ada@example.org {public}", "utf-8")
    settings = {
        "gpg.format": "ssh",
        "user.signingkey": str(made),
        "commit.gpgsign": "true",
        "gpg.ssh.allowedSignersFile": str(tmp_path / "signers"),
    }
    for name, value in settings.items():
        here.box.git("config", name, value)
    return made


def linked(here: Work, at: Path) -> Work:
    """A worktree of the same repository, with a branch of its own."""
    here.box.git("worktree", "add", "-q", "-b", "other", str(at))
    return Work(git_sandbox.Sandbox(at))


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def refused(there: Work, why: str) -> None:
    """Landing as a commit is refused with a reason, and nothing is lost or held."""
    change = there.change({"f.txt": CHANGED, "new.txt": b"new\n"})
    before = there.box.state()
    with pytest.raises(StateError, match=why):
        there.land(change, "commit")
    assert there.box.state() == before
    assert there.read("f.txt") == TEXT
    assert not (there.root / ".git/index.lock").exists()
    landing = there.land(change, "files")
    assert (there.read("f.txt"), there.read("new.txt")) == (CHANGED, b"new\n")
    assert there.undo(landing, change).conflicts == {}


@pytest.mark.usefixtures("key")
def test_who_signs_their_commits_signs_these_and_what_takes_them_back(here: Work) -> None:
    change = here.change({"f.txt": CHANGED})
    landing = here.land(change, "commit")
    here.box.git("verify-commit", "HEAD")
    assert here.box.text("log", "-1", "--format=%G? %GS %ae") == "G ada@example.org ada@example.org"
    assert here.undo(landing, change).conflicts == {}
    here.box.git("verify-commit", "HEAD")
    assert here.box.text("rev-list", "--count", "HEAD") == "3"
    here.land(change, "branch")
    here.box.git("verify-commit", "makeitso/r1")


@pytest.mark.usefixtures("key")
def test_a_key_named_from_the_working_tree_is_found(here: Work) -> None:
    here.box.git("config", "user.signingkey", "../key")
    change = here.change({"f.txt": CHANGED})
    assert here.land(change, "commit").conflicts == ()
    here.box.git("verify-commit", "HEAD")


@pytest.mark.skipif(shutil.which("gpg") is None, reason="there is no gpg")
def test_a_landing_is_signed_with_a_gpg_key(
    here: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:  # its socket's path must be short
        monkeypatch.setenv("GNUPGHOME", home)
        made = ["gpg", "--batch", "-q", "--passphrase", "", "--quick-gen-key", "ada@example.org"]
        subprocess.run([*made, "ed25519", "sign", "never"], check=True, capture_output=True)
        for name, value in {"user.signingkey": "ada@example.org", "commit.gpgsign": "true"}.items():
            here.box.git("config", name, value)
        script(here.root / ".git/hooks/commit-msg", f"cp \"$1\" '{tmp_path}/said'")
        try:
            assert here.land(here.change({"f.txt": CHANGED}), "commit").conflicts == ()
            here.box.git("verify-commit", "HEAD", env={"GNUPGHOME": home})
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)
    assert "Makeitso-Task: T1" in (tmp_path / "said").read_text("utf-8")


def test_without_its_key_nothing_lands_and_nothing_is_lost(here: Work, key: Path) -> None:
    key.unlink()
    key.with_suffix(".pub").unlink()
    refused(here, "git refused the commit, so nothing landed: .*key")


def test_a_signing_program_that_fails_says_why(here: Work, tmp_path: Path, key: Path) -> None:
    assert key.exists()
    script(tmp_path / "signer", "echo no token in the slot >&2; exit 1")
    here.box.git("config", "gpg.ssh.program", str(tmp_path / "signer"))
    refused(here, "no token in the slot")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("pre-commit", "echo not on a Friday >&2; exit 1", "not on a Friday"),
        ("pre-commit", "exit 7", "a hook ended without a word"),
        ("commit-msg", 'grep -q TICKET "$1" || { echo no ticket; exit 1; }', "no ticket"),
        ("prepare-commit-msg", "echo the template is gone; exit 1", "the template is gone"),
    ],
)
def test_what_a_hook_refuses_is_said_and_nothing_lost(
    here: Work, name: str, text: str, why: str
) -> None:
    here.hook(name, text)
    refused(here, why)


def test_each_hook_has_its_turn_with_what_git_gives_it(here: Work, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"):
        here.hook(name, f'echo "{name} $# ${{2-}}" >> "{log}"')
    here.hook("prepare-commit-msg", f'echo "prepare $2" >> "{log}"; echo TICKET-1 >> "$1"')
    here.land(here.change({"f.txt": CHANGED}), "commit")
    assert log.read_text("utf-8").splitlines() == [
        "pre-commit 0 ",
        "prepare message",
        "commit-msg 1 ",
        "post-commit 0 ",
    ]
    assert "TICKET-1" in here.box.text("log", "-1", "--format=%B")


def test_what_a_hook_edits_and_does_not_stage_is_in_no_commit_as_with_git(here: Work) -> None:
    here.hook("pre-commit", "echo scribble >> f.txt; echo left > litter.txt")
    here.land(here.change({"f.txt": CHANGED}), "commit")
    assert here.committed("f.txt") == here.read("f.txt") == CHANGED
    assert here.box.text("status", "--porcelain") == ""


@pytest.mark.parametrize("where", ["common", "relative", "absolute", "of-worktree"])
def test_hooks_of_a_linked_worktree(here: Work, tmp_path: Path, where: str) -> None:
    there = linked(here, tmp_path / "linked tree")
    text = "sed -i s/twenty/TWENTY/ f.txt && git add f.txt && test ! -e only-here"
    script(tmp_path / "in the way/pre-commit", "exit 1")
    (there.root / "only-here").write_bytes(b"not of the commit\n")
    match where:
        case "common":
            script(here.root / ".git/hooks/pre-commit", text)
        case "relative":
            script(there.root / ".husky/pre-commit", text)
            script(here.root / ".husky/pre-commit", "exit 1")
            here.box.git("config", "core.hooksPath", ".husky")
        case "absolute":
            script(tmp_path / "my hooks/pre-commit", text)
            here.box.git("config", "core.hooksPath", str(tmp_path / "my hooks"))
        case _:
            here.box.git("config", "core.hooksPath", str(tmp_path / "in the way"))
            here.box.git("config", "extensions.worktreeConfig", "true")
            script(tmp_path / "my hooks/pre-commit", text)
            there.box.git("config", "--worktree", "core.hooksPath", str(tmp_path / "my hooks"))
    change = here.change({"f.txt": CHANGED})
    landing = there.land(change, "commit")
    made = CHANGED.replace(b"twenty", b"TWENTY")
    assert there.read("f.txt") == there.committed("f.txt") == there.staged("f.txt") == made
    assert there.box.text("rev-parse", "other") == landing.commit
    assert here.box.text("rev-parse", "main") == here.box.text("rev-parse", "other^")
    assert here.read("f.txt") == TEXT
    assert there.box.text("status", "--porcelain", "f.txt") == ""
