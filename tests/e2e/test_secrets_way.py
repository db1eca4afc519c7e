"""A secret of the environment that a worker gets hold of is found nowhere afterwards."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import KEY
from e2e.harness import world
from e2e.stories import FILES, PLAN, change
from makeitso.scripted import Answer, Run, Say, workflow

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

SECRET = "tkn-7Qw9zX2vB5nM8kL1jH4gF6dS3aP0"


def test_a_known_secret_is_nowhere(tmp_path: Path) -> None:
    coded = base64.b64encode(SECRET.encode()).decode()
    script = workflow(
        Answer(
            items=(
                Say(f"I found {SECRET} in a file, and {KEY} somewhere."),
                Run(
                    f"cat notes; echo {coded}; printf 'tkn-7Qw9zX2v'; sleep 0; "
                    "printf 'B5nM8kL1jH4gF6dS3aP0\\n'",
                    "leak",
                ),
            )
        ),
        Answer(items=(change("line 2", "line two"),)),
        Answer(items=(Say(f"Done; the token is {SECRET}.", phase="final_answer"),)),
    )
    # The token lies in an ignored file of the worktree's repository: no part of a change.
    files = {**FILES, "notes": "nothing\n", "check.sh": FILES["check.sh"] + f"echo {coded}\n"}
    with world(tmp_path, script, files=files) as w:
        w.extra["DEPLOY_TOKEN"] = SECRET
        ended = w.mis("run", w.plan("spell", PLAN), "--yes", "--json").expect(0)
        # Undone by the person, and worked once more for people to read along.
        (w.root / "poem.txt").write_text(FILES["poem.txt"])
        shown = w.mis("run", w.plan("again", PLAN), "--yes").expect(0, "Done; the token is")
        w.mis("status", "--all").expect(0)
        w.mis("review", "--run", w.run.id).expect(0)
        for text in (ended.out, ended.err, shown.out, shown.err):
            assert SECRET not in text
            assert coded not in text
            assert KEY not in text
        for path in [*(w.root / ".makeitso").rglob("*"), *w.state.rglob("*"), *w.logs.iterdir()]:
            if not path.is_file():
                continue
            data = path.read_bytes()
            for value in (SECRET, coded, KEY):
                assert value.encode() not in data, f"{value} is in {path}"
        assert "[REDACTED:secret:" in shown.err, str(shown)
