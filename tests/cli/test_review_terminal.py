"""`mis review` on a terminal: a pager, a filter and a tool of the person's, a patch piped in."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from cli.mis_process import Mis
from e2e.terminal import Terminal

if TYPE_CHECKING:
    from git_sandbox import Sandbox

ASKS = "accept this hunk"
NAME = "größe a.txt"


@dataclass(frozen=True)
class Shell:
    """A terminal with a shell in it that knows `mis`."""

    mis: Mis
    box: Sandbox

    @property
    def cwd(self) -> Path:
        return self.mis.work

    @property
    def env(self) -> dict[str, str]:
        return {**self.mis.env, "LESS": "", "PAGER": "cat"}

    def command(self, *args: str) -> list[str]:
        (line,) = args
        python = shlex.quote(sys.executable)
        return ["/bin/sh", "-c", f'mis() {{ {python} -m makeitso "$@"; }}; {line}']

    def hunks(self) -> list[str]:
        ended = self.mis.inside("review", "--json")
        return [str(row["id"]) for row in json.loads(ended.out)]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "home").mkdir()
    box = git_sandbox.make(tmp_path / "work")
    box.write(NAME, b"1\n2\n3\n")
    box.commit("one")
    box.git("checkout", "-q", "-b", "speed")
    box.write(NAME, b"1\n2\nthree\n")
    box.commit("two")
    box.git("checkout", "-q", "main")
    return Shell(Mis(tmp_path / "home", box.root, dict(git_sandbox.ENVIRONMENT)), box)


def test_hunks_are_shown_through_the_pager_of_git(shell: Shell) -> None:
    assert shell.mis.inside("review", "open", "speed").code == 0
    (hunk,) = shell.hunks()
    shell.box.git("config", "core.pager", "sed s/^/CORE:/")
    show = f"mis review show {hunk}"
    with Terminal(shell, show) as t:
        t.expect(f"CORE:diff --git a/{NAME}").expect("CORE:+three").end().expect(0)
        assert "CORE:\x1b[32m+three" in t.raw, "on a terminal it is in colour"
    with Terminal(shell, show, env={"GIT_PAGER": "sed s/^/MINE:/"}) as t:
        t.expect("MINE:+three").end().expect(0)
    with Terminal(shell, show, env={"GIT_PAGER": "no-such-pager-here"}) as t:
        t.expect("the pager `no-such-pager-here` cannot be started").expect("+three")
        t.end().expect(0)
    piped = shell.mis.inside("review", "show", hunk)
    assert "CORE:" not in piped.out
    assert "\x1b" not in piped.out
    assert "+three" in piped.out


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("sed '/^.*@@/d'", "gave 7 lines for 8"),
        ("sed 's/$/\\nmore/'", "gave 16 lines for 8"),
        ("cat; exit 3", "ended with 3"),
        ("no-such-filter-here", "ended with 127"),
    ],
)
def test_a_filter_that_does_not_fit_is_said_and_left_out(
    shell: Shell, command: str, why: str
) -> None:
    shell.box.git("config", "interactive.diffFilter", command)
    with Terminal(shell, "mis review --from speed") as t:
        t.expect(f"interactive.diffFilter `{command}` {why}; hunks are shown without it")
        t.expect("+three").expect(ASKS).type("p").expect("+three").expect(ASKS).type("q")
        t.end().expect(0)
        assert t.shown.count(why) == 1, "said once"


def test_a_patch_that_is_piped_in_is_gone_through_at_the_terminal(shell: Shell) -> None:
    with Terminal(shell, "git diff main speed | mis review --from -") as t:
        t.expect("+three").expect(ASKS).type("y")
        t.end().expect(0, f"landed: {NAME}")
    assert (shell.box.root / NAME).read_bytes() == b"1\n2\nthree\n"


def test_a_terminal_is_no_patch(shell: Shell) -> None:
    with Terminal(shell, "mis review --from -") as t:
        t.expect("there is no patch on stdin").expect("git diff").end().expect(2)


def test_a_tool_gets_files_it_can_name_and_the_terminal(shell: Shell) -> None:
    tool = shell.box.root.parent / "my tool"
    tool.write_text(
        '#!/bin/sh\nfor one in "$@"; do echo "given $one"; done\n'
        'echo "in $LOCAL, $BASE, $REMOTE, $MERGED"\n'
        'printf "go on? "; read answer; [ "$answer" = yes ]\n'
    )
    tool.chmod(0o755)
    with Terminal(
        shell, f"mis review --from speed --tool {shlex.quote(shlex.quote(str(tool)))}"
    ) as t:
        t.expect(f"/base/{NAME}\n").expect(f"/proposal/{NAME}\n")
        t.expect(f"/base/{NAME}, ").expect(f"/base/{NAME}, ").expect(f"/proposal/{NAME}, ")
        t.expect("go on? ").type("yes")
        t.end().expect(0, f"{NAME}: accepted")
        (local,) = {
            Path(line[6:])
            for line in t.shown.splitlines()
            if line.startswith("given") and "/base/" in line
        }
        assert not local.exists(), "nothing is left behind"
    assert (shell.box.root / NAME).read_bytes() == b"1\n2\nthree\n"


def test_what_is_accepted_is_what_the_mergetool_saved_under_its_own_names(shell: Shell) -> None:
    shell.box.git("config", "merge.tool", "mine")
    shell.box.git(
        "config", "mergetool.mine.cmd", 'sed s/three/THREE/ "$REMOTE" > x && mv x "$MERGED"'
    )
    ended = shell.mis("review", "--from", "speed", "--tool", "default")
    assert f"{NAME}: accepted as you saved it" in ended.err, ended
    assert (shell.box.root / NAME).read_bytes() == b"1\n2\nTHREE\n"
    assert sorted(path.name for path in shell.box.root.iterdir() if path.name[0] != ".") == [NAME]
