"""A Codex that is missing, too old, or whose sandbox does not work; each has its way out.

The old one and the one without a sandbox are fakes: shell scripts that say so in their name.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import codex_path
from e2e.harness import world
from e2e.stories import FILES, PLAN, never

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def fake(folder: Path, text: str) -> str:
    """A program named `codex` that only stands for a bad one."""
    folder.mkdir()
    program = folder / "codex"
    program.write_text(f"#!/bin/sh\n# a fake Codex for one test\n{text}\n")
    program.chmod(0o755)
    return str(folder)


def test_codex_is_missing_or_too_old(tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("git", "sh"):
        found = shutil.which(name)
        assert found
        (bare / name).symlink_to(found)
    with world(tmp_path, never(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        # The extra package is there wherever these tests run: hide it as if it were not.
        hidden = tmp_path / "hidden/codex_cli_bin"
        hidden.mkdir(parents=True)
        (hidden / "__init__.py").write_text("raise ImportError('hidden for a test')\n")
        found = os.pathsep.join([str(hidden.parent), os.environ.get("PYTHONPATH", "")])
        missing = {"PATH": str(bare), "PYTHONPATH": found.rstrip(os.pathsep)}
        w.mis("run", plan, env=missing).expect(2, "Codex CLI is not installed", "install")
        w.mis("doctor", env=missing).expect(2, "Codex")
        named = ("-c", 'workers.codex.command="no-such-codex"')
        w.mis("run", plan, *named).expect(2, "no-such-codex", "[workers.codex] command")
        old = fake(tmp_path / "old", "echo codex-cli 0.42.0")
        path = f"{old}:{os.environ['PATH']}"
        w.mis("run", plan, env={"PATH": path}).expect(2, "0.42.0 is too old", "install")
        silent = fake(tmp_path / "silent", "exit 3")
        path = f"{silent}:{os.environ['PATH']}"
        w.mis("run", plan, env={"PATH": path}).expect(2, "does not say which version")
        assert not (w.root / ".makeitso/journal.db").exists()


def test_the_sandbox_is_unavailable(tmp_path: Path) -> None:
    real = codex_path()
    folder = fake(
        tmp_path / "unboxed",
        f'case "$*" in *sandbox*) echo "bwrap: No permissions" >&2; exit 1;; esac\n'
        f'exec "{real}" "$@"',
    )
    with world(tmp_path, never(), files=FILES) as w:
        env = {"PATH": f"{folder}:{os.environ['PATH']}"}
        ended = w.mis("run", w.plan("spell", PLAN), "--yes", env=env)
        ended.expect(2, "bwrap: No permissions", "that allows user namespaces")
        assert not w.server.views, "a token was spent"
        assert w.read("poem.txt") == FILES["poem.txt"]
        w.mis("doctor", env=env).expect(2, "sandbox")
