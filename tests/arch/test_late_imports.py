"""Heavy packages load when they are used: a set of names, not a time, so it cannot flake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = frozenset(
    {
        "pygls",
        "lsprotocol",
        "openai",
        "httpx2",
        "keyring",
        "websockets",
        "opentelemetry",
        "requests",
    }
)
LOADED = """
import json, sys
{code}
names = sorted({{name.partition(".")[0] for name in sys.modules}})
sys.stderr.write("\\n" + json.dumps(names))
"""
MAIN = "from makeitso.cli.main import main; main({args!r})"


def loaded_by(code: str, *, cwd: Path, home: Path) -> frozenset[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return frozenset(cast("list[str]", json.loads(done.stderr.splitlines()[-1])))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.mark.parametrize(
    "args",
    [["--version"], ["--help"], ["status"], ["status", "--json"], ["approve", "--list"]],
    ids=" ".join,
)
def test_a_short_answer_loads_nothing_heavy(
    args: list[str], repository: Path, tmp_path: Path
) -> None:
    loaded = loaded_by(MAIN.format(args=args), cwd=repository, home=tmp_path)
    assert "makeitso" in loaded
    assert loaded & HEAVY == set()


def test_the_version_loads_hardly_anything(repository: Path, tmp_path: Path) -> None:
    loaded = loaded_by(MAIN.format(args=["--version"]), cwd=repository, home=tmp_path)
    assert loaded & {"anyio", "pydantic", "psutil", "re2", "sqlite3", "tomlkit"} == set()


def test_the_server_starts_without_any_model_client(repository: Path, tmp_path: Path) -> None:
    loaded = loaded_by("import makeitso.lsp.main", cwd=repository, home=tmp_path)
    assert loaded & HEAVY == {"pygls", "lsprotocol"}
