"""What a person is told to do where the sandbox does not work, by what the machine says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makeitso.codex.sandbox_ways import ways_out

if TYPE_CHECKING:
    from pathlib import Path

SAID = "bwrap: No permissions to create new namespace"
ELSEWHERE = "or run on a machine or in a container that allows user namespaces"


def machine(top: Path, **files: str) -> Path:
    """Files of a machine, by the last part of their path."""
    places = {
        "max_user_namespaces": "proc/sys/user",
        "unprivileged_userns_clone": "proc/sys/kernel",
        "apparmor_restrict_unprivileged_userns": "proc/sys/kernel",
    }
    for name, text in files.items():
        path = top / places[name] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top


@pytest.mark.parametrize(
    ("files", "way"),
    [
        ({"max_user_namespaces": "0\n"}, "sysctl user.max_user_namespaces=15000"),
        ({"unprivileged_userns_clone": "0\n"}, "sysctl kernel.unprivileged_userns_clone=1"),
        ({"apparmor_restrict_unprivileged_userns": "1\n"}, "AppArmor forbids"),
    ],
)
def test_what_forbids_namespaces_is_named(tmp_path: Path, files: dict[str, str], way: str) -> None:
    said = ways_out(SAID, top=machine(tmp_path, **files))
    assert way in said
    assert said.count("; ") == 1, "what does not stand in the way is not named"
    assert ELSEWHERE in said


def test_what_allows_them_is_not_named(tmp_path: Path) -> None:
    allowed = {
        "max_user_namespaces": "63000\n",
        "unprivileged_userns_clone": "1\n",
        "apparmor_restrict_unprivileged_userns": "0\n",
    }
    said = ways_out(SAID, top=machine(tmp_path, **allowed))
    assert "sysctl" not in said
    assert "allow them" in said
    assert ELSEWHERE in said


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_in_a_container_its_start_is_named(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()
    assert "--security-opt seccomp=unconfined" in ways_out(SAID, top=tmp_path)


def test_a_full_disk_is_another_thing(tmp_path: Path) -> None:
    said = ways_out("bwrap: Can't mkdir: No space left on device", top=tmp_path)
    assert "disk space" in said
    assert "namespaces" not in said
