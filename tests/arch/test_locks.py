from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from lock import EXTRAS, WIDEST, build_requirements
from locked import REQUIREMENTS, normal, pins
from packaging.requirements import Requirement
from tracked import ROOT

NAMES = (*EXTRAS, "build")
PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[0-9][A-Za-z0-9.+!]*( ; [^/\\@]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SELF = normal(PROJECT["project"]["name"])


def declared(name: str) -> list[Requirement]:
    """What `pyproject.toml` asks for in one lock file, extras of the project itself unfolded."""
    if name == "build":
        return [Requirement(line) for line in build_requirements().splitlines()]
    extras: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
    waiting = [*PROJECT["project"]["dependencies"], *(r for e in EXTRAS[name] for r in extras[e])]
    out: list[Requirement] = []
    while waiting:
        requirement = Requirement(waiting.pop())
        if normal(requirement.name) == SELF:
            waiting += [line for extra in requirement.extras for line in extras[extra]]
        else:
            out.append(requirement)
    return out


def test_there_is_a_file_for_each_and_no_other() -> None:
    assert {path.stem for path in REQUIREMENTS.glob("*.txt")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_is_pins_and_hashes_and_nothing_else(name: str) -> None:
    lines = (REQUIREMENTS / f"{name}.txt").read_text("utf-8").splitlines()
    strange = [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)]
    assert strange == []
    # Every pin is followed by a hash, and the last hash of a pin ends the requirement.
    for before, after in zip(lines, [*lines[1:], "end"], strict=True):
        assert before.endswith("\\") == bool(HASH.fullmatch(after))


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_answers_what_is_declared(name: str) -> None:
    locked = pins(name)
    unanswered = [
        str(requirement)
        for requirement in declared(name)
        if not requirement.specifier.contains(locked.get(normal(requirement.name), "0"), True)
    ]
    assert unanswered == [], "`make lock`"


@pytest.mark.parametrize("name", sorted(set(NAMES) - {WIDEST}))
def test_a_package_has_one_version_in_all_locks(name: str) -> None:
    widest = pins(WIDEST)
    others = {package: version for package, version in pins(name).items() if package in widest}
    assert others == {package: widest[package] for package in others}


def test_locks_hold_every_platform() -> None:
    # A package with compiled wheels has dozens; a lock made for one machine alone would have few.
    text = (REQUIREMENTS / "runtime.txt").read_text("utf-8")
    compiled = text.partition("pydantic-core==")[2].partition("==")[0]
    assert compiled.count("--hash=") > 40
