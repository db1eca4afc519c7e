from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from makeitso.plans.check import check_plan
from makeitso.plans.read import read_text
from makeitso.protocol.config import Config
from makeitso.runs.planning import limits_of, runnable
from makeitso.workspace import trust
from makeitso.workspace.paths import UserDirs

if TYPE_CHECKING:
    from makeitso.workspace.config import LoadedConfig

EXAMPLES = Path(__file__).parents[2] / "examples"
PLANS = sorted(EXAMPLES.glob("*.plan.md"))


def load_example(tmp_path: Path, *, profile: str = "") -> LoadedConfig:
    root = tmp_path / "work"
    (root / ".makeitso").mkdir(parents=True)
    shutil.copy(EXAMPLES / "config.toml", root / ".makeitso")
    dirs = UserDirs(config=tmp_path / "config", state=tmp_path / "state")
    trust.grant(trust.status(root, dirs=dirs), at=1, dirs=dirs)
    return trust.load_config(root, profile=profile, dirs=dirs)[0]


def test_there_are_examples() -> None:
    assert len(PLANS) >= 3


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_a_plan_runs_and_nothing_is_wrong_with_it(path: Path, tmp_path: Path) -> None:
    for config in (Config(), load_example(tmp_path).config):
        plan = runnable(path, EXAMPLES, config)
        assert plan.title
        assert plan.goal
        assert all(task.checks and task.files for task in plan.tasks)
        read = read_text(path.read_text("utf-8"), plan_id=plan.id)
        assert check_plan(read, facts=limits_of(config)) == ()


@pytest.mark.parametrize("profile", ["", "careful", "by-hand"])
def test_the_config_loads_whole(tmp_path: Path, profile: str) -> None:
    loaded = load_example(tmp_path, profile=profile)
    assert loaded.problems == ()
    assert set(loaded.profiles) == {"careful", "by-hand"}
    assert loaded.config.bootstrap.commands
    assert loaded.config.manager.approval == ("manual" if profile == "careful" else "confirm-phase")
    assert loaded.config.manager.kind == ("none" if profile == "by-hand" else "codex")


def test_the_readme_names_every_example_and_nothing_else() -> None:
    text = (EXAMPLES / "README.md").read_text("utf-8")
    links = set(re.findall(r"\]\(([^)]+)\)", text))
    assert links == {path.name for path in PLANS} | {"config.toml"}
