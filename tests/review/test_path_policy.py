from __future__ import annotations

import pytest

from makeitso.protocol.plan import Check
from makeitso.review import paths


def refusal(path: bytes) -> str:
    return paths.refusal(path, old_mode="000000", new_mode="100644")


def protection(
    path: bytes, *, checks: tuple[Check, ...] = (), binary: bool = False, size: int = 0
) -> str:
    return paths.protection(
        path, old_mode="000000", new_mode="100644", checks=checks, binary=binary, size=size
    )


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (b"/etc/passwd", "absolute"),
        (b"", "empty"),
        (b"../x", "leaves the workspace"),
        (b"a/../../x", "leaves the workspace"),
        (b"a//b", "leaves the workspace"),
        (b"a/./b", "leaves the workspace"),
        (b".git/config", "git directory"),
        (b"a/.GIT/hooks/x", "git directory"),
        (b"git~1/config", "git directory"),
        (b"sub/GIT~2/x", "git directory"),
        (".g\u200cit/x".encode(), "git directory"),
        ("\uff0egit/x".encode(), "git directory"),
        (b".git /x", "git directory"),
        (b".git./x", "git directory"),
        (b".git::$INDEX_ALLOCATION/x", "git directory"),
        (b"a\0b", "control"),
        (b"a\nb", "control"),
        (b"a\x1b[31mb", "control"),
        (b"la\xe9tin", "UTF-8"),
        (b"x" * 256, "255"),
    ],
)
def test_refused_names(path: bytes, why: str) -> None:
    assert why in refusal(path)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("000000", "120000", "symbolic link"),
        ("120000", "100644", "symbolic link"),
        ("100644", "160000", "submodule"),
        ("100644", "104755", "104755"),
        ("000000", "100664", "100664"),
    ],
)
def test_refused_modes(old: str, new: str, why: str) -> None:
    assert why in paths.refusal(b"a", old_mode=old, new_mode=new)


@pytest.mark.parametrize(
    "path", [b"a", b"git/x", b".gitignore", b"x.git", b"a/..b/c", b"x" * 255, "ü/ä".encode()]
)
def test_ordinary_names(path: bytes) -> None:
    assert refusal(path) == ""
    assert protection(path) == ""


PROTECTED = r"""
.gitattributes a/.gitmodules .githooks/x .husky/pre-commit .vscode/tasks.json a/.VSCode/x
.idea/x .devcontainer/devcontainer.json .codex/config.toml .claude/x .cursor/mcp.json .mcp.json
AGENTS.md docs/agents.md CLAUDE.md .env .env.local .github/workflows/ci.yml .gitlab-ci.yml
web/package.json Makefile sub/makefile conftest.py tests/conftest.py sitecustomize.py
package-lock.json Cargo.lock uv.lock go.sum .makeitso/config.toml
.makeitso/protocol/regexes.toml config.toml con NUL.txt a/com1.c dot. a:b back\slash x.pth
"""


@pytest.mark.parametrize("path", [*PROTECTED.split(), "space /x"])
def test_protected_places(path: str) -> None:
    assert protection(path.encode()) != ""


@pytest.mark.parametrize(
    "path", ["environment.py", ".github/README.md", "locks/x.py", "console.c", "a/config.toml"]
)
def test_near_misses_are_ordinary(path: str) -> None:
    assert protection(path.encode()) == ""


def test_executable_bit_binary_and_size() -> None:
    assert "executable" in paths.protection(b"a", old_mode="000000", new_mode="100755")
    assert "executable" in paths.protection(b"a", old_mode="100755", new_mode="100644")
    assert paths.protection(b"a", old_mode="100755", new_mode="100755") == ""
    assert paths.protection(b"a", old_mode="100755", new_mode="000000") == ""
    assert "binary" in protection(b"a", binary=True)
    assert "1 MB" in protection(b"a", size=1_000_001)


@pytest.mark.parametrize(
    ("command", "cwd", "path", "named"),
    [
        ("pytest -q tests/test_dates.py", ".", "tests/test_dates.py", True),
        ("pytest -q ./tests/test_dates.py::test_x", ".", "tests/test_dates.py", True),
        ("pytest tests", ".", "tests/deep/test_x.py", True),
        ("pytest --rootdir=tests", ".", "tests/test_x.py", True),
        ("cd x && sh check.sh; true", ".", "check.sh", True),
        ("pytest test_x.py", "pkg", "pkg/test_x.py", True),
        ("pytest test_x.py", "pkg", "test_x.py", False),
        ("pytest tests/test_*.py", ".", "tests/test_a.py", True),
        ("python -m unittest tests.test_dates.TestX.test_y", ".", "tests/test_dates.py", True),
        ("python -m unittest tests.test_dates", ".", "src/dates.py", False),
        ("pytest .", ".", "src/dates.py", False),
        ("pytest 'unclosed tests/a.py", ".", "tests/a.py", True),
        ("pytest -q", ".", "src/dates.py", False),
    ],
)
def test_what_the_check_names(command: str, cwd: str, path: str, named: bool) -> None:
    checks = (Check(command=command, cwd=cwd),)
    assert paths.proves(path, checks) is named
    if named:
        assert protection(path.encode(), checks=checks) == "the task's own check names it"


def test_twins_by_case_and_accents() -> None:
    present = ["README.md", "readme.md", "caf\u00e9", "cafe\u0301", "other", "Straße", "strasse"]
    found = paths.twins(["readme.md", "cafe\u0301", "strasse", "other"], present)
    assert found == {"readme.md": "README.md", "cafe\u0301": "caf\u00e9", "strasse": "Straße"}
