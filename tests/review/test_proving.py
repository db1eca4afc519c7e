"""Which files, and which lines of them, prove a task: by the commands of its checks."""

from __future__ import annotations

import pytest

from makeitso.protocol.plan import Check
from makeitso.review.proving import prover

PYPROJECT = """[project]
name = "x"

[tool.pytest.ini_options]
addopts = "-q"

[tool.ruff]
line-length = 100
"""
PACKAGE = """{
  "name": "x",
  "scripts": {
    "test": "jest",
    "build": "tsc"
  },
  "dependencies": {
    "scripts": "1"
  },
  "jest": { "bail": true }
}
"""


@pytest.mark.parametrize(
    ("command", "path", "why"),
    [
        ("pytest -q tests/test_a.py", "tests/test_a.py", "the task's own check names it"),
        ("pytest -q tests/test_a.py", "tests/conftest.py", "`pytest -q` reads it"),
        ("python3.12 -m pytest", "deep/down/conftest.py", "`python3.12 -m` reads it"),
        ("PYTHONPATH=. .venv/bin/pytest", "pytest.ini", "`.venv/bin/pytest` reads it"),
        ("sh -c 'cd sub && exec pytest -x'", "sub/conftest.py", "`pytest -x` reads it"),
        ('bash -lc "timeout -k 5 60 env A=1 uv run --quiet pytest"', "conftest.py", "reads it"),
        ("coverage run -m pytest", "conftest.py", "reads it"),
        ("tox -e py312", "tox.ini", "`tox -e` reads it: it says which commands run"),
        ("tox -e py312", "conftest.py", "`tox -e` reads it"),
        ("nox -s tests", "noxfile.py", "`nox -s` reads it"),
        ("make test", "Makefile", "`make test` reads it"),
        ("make -C sub test", "rules.mk", "reads it"),
        ("just check", "justfile", "reads it"),
        ("npm run unit", "jest.config.ts", "`npm run` reads it: it configures the tests"),
        ("npx --yes vitest run", "web/vitest.config.mts", "`vitest run` reads it"),
        ("cargo test -p core", "crates/core/build.rs", "`cargo test` reads it"),
        ("go test ./...", "parse/testdata/in.txt", "`go test` reads it"),
        ("true && (pytest)", "conftest.py", "reads it"),
        ("echo 'a && pytest'", "conftest.py", ""),
        ("pytest -q", "src/app.py", ""),
        ("pytest -q", "jest.config.js", ""),
        ("pytest -q", "Makefile", ""),
        ("sh check.sh", "conftest.py", ""),
        ("echo pytest", "conftest.py", ""),
        ("ruff check 'unended", "conftest.py", ""),
    ],
)
def test_what_the_runner_of_a_check_reads(command: str, path: str, why: str) -> None:
    found = prover((Check(command=command),))(path)
    if not why:
        assert found is None
    else:
        assert found is not None
        assert why in found.why
        assert found.read("anything") is None, "all of it"


@pytest.mark.parametrize(
    ("command", "path", "text", "lines"),
    [
        ("pytest", "pyproject.toml", PYPROJECT, {4, 5, 6}),
        ("tox", "pyproject.toml", PYPROJECT, set[int]()),
        ("pytest", "setup.cfg", "[metadata]\nname = x\n[tool:pytest]\naddopts = -q", {3, 4}),
        ("pytest", "tox.ini", "[tox]\nenvlist = a\n[pytest]\nx = 1\n[other]", {3, 4}),
        ("npm test", "package.json", PACKAGE, {3, 4, 5, 6, 10}),
        ("npm test", "package.json", "{ broken", set[int]()),
        ("cargo test", "Cargo.toml", "[dependencies]\na = 1\n[[test]]\nname = 'x'", {3, 4}),
    ],
)
def test_only_the_part_that_is_read_counts(
    command: str, path: str, text: str, lines: set[int]
) -> None:
    found = prover((Check(command=command),))(path)
    assert found is not None
    assert found.read(text) == lines
    assert " of it" in found.why


def test_no_check_proves_nothing() -> None:
    assert prover(())("conftest.py") is None
