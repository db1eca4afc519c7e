from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

import pytest

import codex_fixtures as fx
from makeitso.codex.find import find_codex, judge_version, native_binary, probe_codex
from makeitso.errors import EnvironmentFault

if TYPE_CHECKING:
    from pathlib import Path


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def says(path: Path, line: str, code: int = 0) -> Path:
    return program(path, f"#!/bin/sh\necho '{line}'\nexit {code}\n")


def test_the_configured_command_comes_first(tmp_path: Path) -> None:
    mine = says(tmp_path / "mine" / "my-codex", "codex-cli 0.163.0")
    on_path = says(tmp_path / "bin" / "codex", "codex-cli 0.163.0")
    path = str(on_path.parent)
    assert find_codex(str(mine), search_path=path) == (mine, "config")
    assert find_codex(search_path=path) == (on_path, "path")


def test_a_wrong_command_is_not_replaced_by_another(tmp_path: Path) -> None:
    says(tmp_path / "codex", "codex-cli 0.163.0")
    with pytest.raises(EnvironmentFault, match="no-such") as missing:
        find_codex("no-such", search_path=str(tmp_path))
    assert "command" in missing.value.hint


def test_the_extra_package_is_the_last_resort(tmp_path: Path) -> None:
    pytest.importorskip("codex_cli_bin")
    path, source = find_codex(search_path=str(tmp_path))
    assert source == "package"
    assert os.access(path, os.X_OK)


def test_missing_altogether_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "codex_cli_bin", None)
    with pytest.raises(EnvironmentFault) as missing:
        find_codex(search_path=str(tmp_path))
    assert "makeitso-codex[codex]" in missing.value.hint
    assert "142 MB" in missing.value.hint


def test_the_launcher_of_npm_is_resolved_to_the_native_program(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "node_modules" / "@openai" / "codex"
    launcher = program(package / "bin" / "codex.js", "#!/usr/bin/env node\n")
    arch = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower())
    arch = arch or platform.machine().lower()
    system = "apple-darwin" if sys.platform == "darwin" else "unknown-linux-musl"
    platform_package = package / "node_modules" / "@openai" / "codex-here" / "vendor"
    program(platform_package / "sparc-solaris" / "bin" / "codex", "")
    link = tmp_path / "bin" / "codex"
    link.parent.mkdir()
    link.symlink_to(launcher)
    assert native_binary(link) == link
    native = program(platform_package / f"{arch}-{system}" / "bin" / "codex", "")
    assert native_binary(link) == native
    assert find_codex(search_path=str(link.parent)) == (native, "path")


@pytest.mark.parametrize(
    ("version", "warned"),
    [("0.163.0", False), ("0.169.0", False), ("0.150.2", True), ("1.0.0-beta.1", True)],
)
def test_untested_versions_are_warned_of(version: str, warned: bool) -> None:
    assert bool(judge_version(version)) is warned


@pytest.mark.parametrize("version", ["0.99.9", "0.1.2505172129", "nonsense"])
def test_old_versions_are_refused(version: str) -> None:
    with pytest.raises(EnvironmentFault, match="too old"):
        judge_version(version)


@pytest.mark.asyncio
async def test_probing_reads_the_version(tmp_path: Path) -> None:
    says(tmp_path / "codex", "codex-cli 0.150.0")
    codex = await probe_codex(search_path=str(tmp_path))
    assert (codex.name, codex.source) == ("codex-cli 0.150.0", "path")
    assert "untested" in codex.warning


@pytest.mark.asyncio
@pytest.mark.parametrize(("line", "code"), [("hello", 0), ("codex-cli 0.163.0", 1)])
async def test_a_program_that_is_not_codex_is_refused(tmp_path: Path, line: str, code: int) -> None:
    says(tmp_path / "codex", line, code)
    with pytest.raises(EnvironmentFault, match="version"):
        await probe_codex(search_path=str(tmp_path))


@pytest.mark.asyncio
@pytest.mark.codex
async def test_the_real_one_answers_and_leaves_nothing_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    codex = await probe_codex()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 -- pathlib would block, says ASYNC240
    assert codex.path == fx.codex_path()
    assert int(codex.version.split(".")[1]) >= 100


@pytest.mark.asyncio
async def test_a_warning_in_the_middle_of_the_line_hides_no_version(tmp_path: Path) -> None:
    text = "#!/bin/sh\nprintf 'WARNING: no aliases: ' >&2\nsleep 0.1\necho 'codex-cli 0.163.0'\n"
    found = await probe_codex(str(program(tmp_path / "codex", text)))
    assert found.version == "0.163.0"
