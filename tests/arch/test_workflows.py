from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from tracked import ROOT, make_targets, text_of

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(path.name for path in FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
Node = dict[str, Any]


def workflow(name: str) -> Node:
    """A workflow; YAML 1.1 reads the key `on` as true."""
    loaded: object = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    assert isinstance(loaded, dict)
    tree = cast("dict[object, object]", loaded)
    return {"on" if key is True else str(key): value for key, value in tree.items()}


def jobs(name: str) -> dict[str, Node]:
    return workflow(name)["jobs"]


def steps(name: str) -> list[Node]:
    return [step for job in jobs(name).values() for step in job["steps"]]


def commands(name: str) -> list[str]:
    return [line for step in steps(name) for line in str(step.get("run", "")).splitlines()]


def test_there_are_two() -> None:
    assert FILES == ["ci.yml", "release.yml"]


def test_every_supported_python_is_tested() -> None:
    matrix = jobs("ci.yml")["test"]["strategy"]["matrix"]["python"]
    classifiers = re.findall(
        r"Programming Language :: Python :: (3\.\d+)", text_of(Path("pyproject.toml"))
    )
    assert matrix == classifiers == ["3.11", "3.12", "3.13", "3.14"]


@pytest.mark.parametrize("name", FILES)
def test_a_command_is_one_a_person_has(name: str) -> None:
    assert commands(name)
    for line in commands(name):
        program, *words = shlex.split(line)
        assert program == "make"
        assert {word for word in words if "=" not in word} <= make_targets()


def test_what_ci_does() -> None:
    done = {word for line in commands("ci.yml") for word in line.split()[1:]}
    assert {"lint", "test", "smoke", "publish-dry-run", "audit"} <= done


@pytest.mark.parametrize("name", FILES)
def test_actions_are_pinned_to_commits_with_their_version(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert len(used) == sum("uses" in step for step in steps(name))
    for action, comment in used:
        assert PINNED.fullmatch(action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


@pytest.mark.parametrize("name", FILES)
def test_rights_are_as_small_as_they_can_be(name: str) -> None:
    assert workflow(name)["permissions"] == {"contents": "read"}
    assert "secrets." not in (FOLDER / name).read_text("utf-8")
    for step in steps(name):
        if str(step.get("uses")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_only_the_release_may_write_and_only_attestations() -> None:
    assert all("permissions" not in job for job in jobs("ci.yml").values())
    wider = {name: job.get("permissions", {}) for name, job in jobs("release.yml").items()}
    assert wider == {
        "build": {"contents": "read", "id-token": "write", "attestations": "write"},
        "publish": {"id-token": "write"},
    }
    assert jobs("release.yml")["publish"]["environment"] == "release"


@pytest.mark.parametrize("name", FILES)
def test_nothing_runs_for_ever_or_twice(name: str) -> None:
    assert workflow(name)["concurrency"]["group"]
    assert all(0 < job["timeout-minutes"] <= 30 for job in jobs(name).values())
