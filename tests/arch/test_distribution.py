from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from check_dist import wheel_problems
from tracked import ROOT

from makeitso import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, built without a network."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run(
        [*command, str(ROOT)], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_is_in_order(wheel: Path) -> None:
    assert wheel_problems(wheel) == []


def test_the_wheel_has_what_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "makeitso/py.typed",
        "makeitso/_protocol/AGENTS.md",
        "makeitso/_protocol/regexes.toml",
        "makeitso/_protocol/prompts/worker-exec.md",
        "makeitso/_protocol/schema/messages.schema.json",
    } <= names


def test_there_is_one_version(wheel: Path) -> None:
    assert wheel.name.startswith(f"makeitso_codex-{__version__}-py3-none-any")
    assert metadata.version("makeitso-codex") == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)


def changed(wheel: Path, tmp_path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of a wheel, each file as `change` gives it; None leaves it out."""
    copy = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                target.writestr(name, data)
    return copy


def test_a_lost_file_is_seen(wheel: Path, tmp_path: Path) -> None:
    lost = "makeitso/_protocol/regexes.toml"
    copy = changed(wheel, tmp_path, lambda name, data: None if name == lost else data)
    assert wheel_problems(copy) == [f"lacks {lost}"]


def test_a_wrong_command_is_seen(wheel: Path, tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        wrong = name.endswith("entry_points.txt")
        return data.replace(b"makeitso.cli.main", b"makeitso.nowhere") if wrong else data

    problems = wheel_problems(changed(wheel, tmp_path, change))
    assert problems == [
        "the command mis points to makeitso.nowhere:main, which is not in it",
    ]


def test_wrong_metadata_is_seen(wheel: Path, tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        wrong = name.endswith("METADATA")
        return data.replace(b"Requires-Python: >=3.11", b"Requires-Python: new") if wrong else data

    problems = wheel_problems(changed(wheel, tmp_path, change))
    assert len(problems) == 1
    assert "requires-python" in problems[0]
