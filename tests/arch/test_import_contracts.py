from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tracked import ROOT

LINT = Path(sys.executable).with_name("lint-imports")


def lint(cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-cache"]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def test_every_contract_is_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert " 0 broken" in done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, in which imports can be planted."""
    root = tmp_path_factory.mktemp("house")
    source = ROOT / "server" / "src" / "makeitso"
    for path in source.rglob("*.py"):
        target = root / "makeitso" / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return root


PLANTED = {
    "imports go down only": ("protocol/words.py", "import makeitso.plans.read"),
    "pure rooms touch no world": ("plans/slug.py", "import subprocess"),
    "only lsp imports pygls": ("cli/plan.py", "import pygls"),
    "runs sees ports, never an adapter": ("runs/stop.py", "import makeitso.workers.codex"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_contract_catches_what_it_is_for(house: Path, name: str) -> None:
    module, line = PLANTED[name]
    path = house / "makeitso" / module
    before = path.read_text("utf-8")
    path.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        done = lint(house)
    finally:
        path.write_text(before, "utf-8")
    assert f"{name} BROKEN" in done.stdout, done.stdout[-3000:] + done.stderr


def test_a_room_that_has_no_place_is_caught(house: Path) -> None:
    room = house / "makeitso" / "attic"
    room.mkdir()
    (room / "__init__.py").write_text('"""Nobody placed it."""\n')
    try:
        done = lint(house)
    finally:
        (room / "__init__.py").unlink()
        room.rmdir()
    assert done.returncode != 0
    assert "attic" in done.stdout + done.stderr
