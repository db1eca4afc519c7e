"""What `[bootstrap] copy` chooses, and what a worktree will lack, on real repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.errors import EnvironmentFault
from makeitso.policy.environments import is_lock_file, kind_of
from makeitso.workspace import bringing, snapshots, worktrees
from makeitso.workspace.git import open_repository
from makeitso.workspace.ignored import ignored, lacking

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workspace.bringing import Chosen

IGNORE = b"""node_modules/
.venv/
.env*
!.env.example
*.log
data/
pages/[[]id[]]/secret
"""
PLACE = {
    "a.txt": b"a",
    ".gitignore": IGNORE,
    ".env.example": b"KEY=",
    ".env": b"KEY=1",
    ".env.test": b"KEY=2",
    "web/.env.local": b"KEY=3",
    "web/app.ts": b"ts",
    "node_modules/x/index.js": b"x",
    "web/node_modules/y/index.js": b"y",
    ".venv/bin/python": b"p",
    "data/one.csv": b"1",
    "data/deep/two.csv": b"2",
    "data/deep/two.txt": b"3",
    "build.log": b"l",
    "new-file.txt": b"untracked",
    "pages/[id]/secret": b"s",
    "pages/[id]/page": b"p",
}


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def box(tmp_path: Path) -> git_sandbox.Sandbox:
    made = git_sandbox.make(tmp_path / "repo ü")
    for path, data in PLACE.items():
        if path != "new-file.txt":
            made.write(path, data)
    made.commit()
    made.write("new-file.txt", PLACE["new-file.txt"])
    return made


def chosen(box: git_sandbox.Sandbox, *globs: str) -> Chosen:
    place = open_repository(box.root).place()
    return bringing.choose(place, box.root, globs, among=ignored(place))


def test_directories_are_listed_as_one_and_our_own_is_not(box: git_sandbox.Sandbox) -> None:
    box.write(".makeitso/journal.db", b"")
    box.write(".makeitso/.gitignore", b"*\n")
    found = ignored(open_repository(box.root).place())
    assert set(found) == {
        ".env", ".env.test", ".venv/", "build.log", "data/", "node_modules/",
        "pages/[id]/secret", "web/.env.local", "web/node_modules/",
    }  # fmt: skip


def test_what_is_lacking_is_sorted_by_what_it_is(box: git_sandbox.Sandbox) -> None:
    found = ignored(open_repository(box.root).place())
    lack = lacking(found, copied={".env.test", "node_modules"})
    assert lack.environments == (".venv/", "web/node_modules/")
    assert lack.settings == (".env", "web/.env.local")
    assert lack.other == ("data/", "pages/[id]/secret")


@pytest.mark.parametrize(
    ("globs", "paths"),
    [
        ([".env.test"], {".env.test"}),
        (["node_modules"], {"node_modules"}),
        (["node_modules/"], {"node_modules"}),
        (["./node_modules/**"], {"node_modules"}),
        (["**/node_modules"], {"node_modules", "web/node_modules"}),
        (["**/.env*"], {".env", ".env.test", "web/.env.local"}),
        (["web"], {"web/.env.local", "web/node_modules"}),
        (["data/**/*.csv"], {"data/one.csv", "data/deep/two.csv"}),
        (["data/deep"], {"data/deep"}),
        (["data/*.csv", "data"], {"data"}),
        (["pages/?id?/secret"], {"pages/[id]/secret"}),
        (["pages"], {"pages/[id]/secret"}),
        (["node_modules/x/index.js"], {"node_modules/x/index.js"}),
    ],
)
def test_globs_choose_whole_directories_where_they_can(
    box: git_sandbox.Sandbox, globs: list[str], paths: set[str]
) -> None:
    found = chosen(box, *globs)
    assert set(found.paths) == paths
    assert (found.known, found.nothing, found.outside) == ((), (), ())


def test_a_glob_in_vain_says_why(box: git_sandbox.Sandbox) -> None:
    globs = (".env", "a.txt", "new-file.txt", "no-such", "../other", "/etc/passwd", "~/.netrc")
    found = chosen(box, *globs)
    assert found.paths == (".env",)
    assert found.known == ("a.txt", "new-file.txt")
    assert found.nothing == ("no-such",)
    assert found.outside == ("../other", "/etc/passwd", "~/.netrc")


def test_looking_below_ignored_directories_is_bounded(
    box: git_sandbox.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bringing, "_MOST_LOOKED_AT", 3)
    assert chosen(box, "node_modules").paths == ("node_modules",), "a whole one is not looked into"
    with pytest.raises(EnvironmentFault, match="ignored files"):
        chosen(box, "**/*.csv")


def test_a_link_among_the_ignored_is_no_directory(box: git_sandbox.Sandbox, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/.env").write_text("KEY=out")
    (box.root / "data/link").symlink_to(tmp_path / "outside")
    assert chosen(box, "data/**/.env").paths == ()


def test_what_is_copied_is_no_part_of_a_change_whatever_a_worker_ignores(
    box: git_sandbox.Sandbox, tmp_path: Path
) -> None:
    repo = open_repository(box.root)
    base = snapshots.take(repo, repo.root, run="r1", task="T1", name="base")
    tree = worktrees.create(repo, base, tmp_path / "trees/r1-T1", run="r1", task="T1")
    done = bringing.bring(box.root, tree.path, chosen(box, ".env", "data"), refuse=lambda data: "")
    worktrees.set_private(tree, (path for path, size in done.paths.items() if size >= 0))
    assert (tree.path / "data/deep/two.csv").read_bytes() == b"2"
    (tree.path / ".gitignore").write_bytes(b"")
    (tree.path / ".env").write_bytes(b"KEY=changed by the worker")
    (tree.path / "data/three.csv").write_bytes(b"of the worker")
    taken = snapshots.take(repo, tree, run="r1", task="T1", name="1")
    names = box.text("diff-tree", "-r", "--name-only", base.tree, taken.tree).split("\n")
    assert names == [".gitignore", "data/three.csv"]


def test_twice_is_the_same_as_once(box: git_sandbox.Sandbox, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    found = chosen(box, "data", ".env")
    bringing.bring(box.root, tmp_path / "tree", found, refuse=lambda data: "")
    done = bringing.bring(box.root, tmp_path / "tree", found, refuse=lambda data: "")
    seen, brought = bringing.forecast(box.root, ["data", ".env"], refuse=lambda data: "")
    assert (done.files, seen.files, seen.size_bytes) == (4, 4, 3 + 5)
    assert brought == ("data", ".env")


def test_what_would_be_refused_is_not_in_the_forecast(box: git_sandbox.Sandbox) -> None:
    def refuse(data: bytes) -> str:
        return "it is two" if data == b"2" else ""

    seen, brought = bringing.forecast(box.root, ["data", "data/deep/two.csv"], refuse=refuse)
    left = ("data/deep/two.csv", "it is two")
    assert (brought, seen.left_out) == (("data",), (left, left))
    assert seen.files == sum(not one.is_dir() for one in (box.root / "data").rglob("*")) - 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("web/node_modules/", "environment"), (".venv", "environment"), ("target/", "environment"),
        (".env", "settings"), ("web/.env.production", "settings"), ("server.pem", "settings"),
        ("config/local.toml", "settings"), ("pkg/__pycache__/", "leavings"), ("a.pyc", "leavings"),
        ("x.log", "leavings"), ("makeitso.egg-info/", "leavings"), ("data/", "other"),
        ("environment.md", "other"), ("dist/", "other"),
    ],
)  # fmt: skip
def test_names_tell_what_things_are(path: str, kind: str) -> None:
    assert kind_of(path) == kind


LOCKS = (
    "package-lock.json", "a/uv.lock", "Cargo.lock", "requirements-dev.txt", "go.sum",
    "requirements/test.txt", "x/pyproject.toml", "Gemfile.lock", "constraints.txt",
)  # fmt: skip
NO_LOCKS = ("a.txt", "lock.md", "src/requirements.py", "docs/requirements.md", "x.lock")


def test_lock_files_are_known_by_name() -> None:
    assert [path for path in (*LOCKS, *NO_LOCKS) if is_lock_file(path)] == list(LOCKS)
