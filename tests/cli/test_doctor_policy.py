"""`mis doctor --policy` says what a worker may do and which line says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from mis_process import Mis, mis_in

from makeitso.policy.refusals import REFUSALS

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, str]


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


def _report(mis: Mis) -> dict[str, list[Row]]:
    ended = mis("doctor", "--policy", "--json")
    assert ended.code == 0, ended.err
    return cast("dict[str, list[Row]]", ended.json)


def test_each_value_names_its_file_and_line(mis: Mis) -> None:
    user = mis.user_config(
        '[policies]\nwrite_files = "never"\n[monitor]\ndangerous_regexes = ["terraform"]\n'
    )
    (mis.work / ".makeitso").mkdir()
    (mis.work / ".makeitso/config.toml").write_text('[policies]\nnetwork = "auto"\n')
    report = _report(mis)
    said = {row["name"]: row for row in report["settings"]}
    assert said["policies.write_files"]["value"] == "never"
    assert said["policies.write_files"]["source"] == f"{user}:2"
    assert (said["policies.network"]["value"], said["policies.network"]["source"]) == (
        "ask",
        "default",
    ), "an untrusted workspace raised a right"
    assert said["trust"]["value"] != "trusted"
    codex = {row["name"]: row["value"] for row in report["codex"]}
    assert codex["sandbox_mode"] == "read-only"
    assert codex["network_access"] == "false"
    assert [(r["value"], r["source"]) for r in report["dangerous"]] == [("terraform", f"{user}:4")]
    assert [row["name"] for row in report["refusals"]] == [r.name for r in REFUSALS]
    assert any(".vscode/" in row["name"] for row in report["protected"])


def test_a_person_reads_the_same(mis: Mis) -> None:
    ended = mis("-c", "policies.run_shell=never", "doctor", "--policy")
    assert ended.code == 0, ended.err
    for words in (
        "policies.run_shell = never  (command line)",
        "no shell at all",
        "features.shell_tool = false",
        "rm -rf /",
        "none; set [monitor] dangerous_regexes",
    ):
        assert words in ended.out


def test_a_monitor_turned_off_lifts_no_refusal(mis: Mis) -> None:
    mis.user_config("[monitor]\nenabled = false\n")
    report = _report(mis)
    assert report["refusals"]
    (row,) = [row for row in report["settings"] if row["name"] == "monitor.enabled"]
    assert "stopped all the same" in row["meaning"]
