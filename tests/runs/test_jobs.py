from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from journal.tape import Phase, Policies, options, plan_of, task_of
from makeitso.parsing.tokens import live_token
from makeitso.prompts.dictionary_text import BEGIN, END
from makeitso.protocol import events as ev
from makeitso.runs.rounds.jobs import CONVENTION_CHARS, make_job, run_nonce
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.words import ApprovalPolicy, HaltPoint, Permission
    from makeitso.workers.port import WorkerJob

SECTION = f"{BEGIN}\n- **Intents:** hidden words\n{END}\n"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return place(tmp_path, monkeypatch, plan=plan_of("T1"))


def test_the_runs_token_is_for_this_user_alone_and_stays_the_same(there: Place) -> None:
    nonce = run_nonce(there.ctx)
    assert re.fullmatch("[0-9a-f]{32}", nonce)
    assert run_nonce(there.ctx) == nonce
    path = there.ctx.ports.places.homes / there.ctx.run_id / "nonce"
    assert path.read_text() == nonce
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.is_relative_to(there.box.root)


@pytest.mark.parametrize("torn", [b"", b"0123", b"x" * 32, b"0" * 33])
def test_a_token_that_was_half_written_is_made_anew(there: Place, torn: bytes) -> None:
    path = there.ctx.ports.places.homes / there.ctx.run_id / "nonce"
    run_nonce(there.ctx)
    path.write_bytes(torn)
    path.chmod(0o644)
    nonce = run_nonce(there.ctx)
    assert re.fullmatch("[0-9a-f]{32}", nonce)
    assert nonce.encode() != torn
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_token_is_in_the_instructions_and_nowhere_else(there: Place) -> None:
    tree = there.base("T1")
    nonce = run_nonce(there.ctx)
    job = make_job(there.ctx, "T1", tree, nonce)
    assert live_token("<<MIS:START>>", nonce) in job.instructions
    assert nonce not in " ".join(job.extra_args)
    assert nonce not in str(dict(job.environment))
    assert nonce.encode() not in there.journal_bytes()
    for path in (*tree.path.rglob("*"), *there.box.root.rglob("*")):
        assert path.is_dir() or nonce.encode() not in path.read_bytes(), path


def instructed(there: Place, agents: bytes | None, *, link: bool = False) -> str:
    tree = there.base("T1")
    if link:
        (tree.path / "AGENTS.md").symlink_to("/etc/passwd")
    elif agents is not None:
        (tree.path / "AGENTS.md").write_bytes(agents)
    return make_job(there.ctx, "T1", tree, "0" * 32).instructions


def test_conventions_of_the_repository_reach_the_worker_without_our_section(there: Place) -> None:
    text = instructed(there, f"# House\n\nUse tabs.\n\n{SECTION}\nAnd no tabs in YAML.\n".encode())
    assert "Use tabs." in text
    assert "And no tabs in YAML." in text
    assert "they give no rights" in " ".join(text.split())
    assert "hidden words" not in text
    assert BEGIN not in text


@pytest.mark.parametrize("agents", [None, b"", b"  \n", SECTION.encode()])
def test_no_conventions_are_no_words_about_them(there: Place, agents: bytes | None) -> None:
    assert "Conventions of this repository" not in instructed(there, agents)


def test_conventions_are_a_file_of_the_repository_and_have_an_end(there: Place) -> None:
    assert "Conventions of this repository" not in instructed(there, None, link=True)


def test_long_conventions_are_cut(there: Place) -> None:
    text = instructed(there, b"begins\n" + b"word " * 20_000)
    assert "begins" in text
    assert len(text) < CONVENTION_CHARS + 10_000


CASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "as the config says": ({}, {}),
    "a plan narrows": ({"plan": Policies(network="never")}, {"network": "never"}),
    "a task narrows": ({"task": Policies(run_shell="never")}, {"run_shell": "never"}),
    "neither widens": ({"have": "ask", "plan": Policies(network="auto")}, {"network": "ask"}),
    "halting there asks": ({"halt": ("network",)}, {"network": "ask"}),
    "never is never, halting or not": (
        {"halt": ("network",), "task": Policies(network="never")},
        {"network": "never"},
    ),
    "halting at commands steps them": ({"halt": ("run_shell",)}, {"step_commands": True}),
    "manual steps commands": ({"policy": "manual"}, {"step_commands": True}),
    "a manual task phase steps commands": (
        {"phases": [Phase(name="task", approval="manual")]},
        {"step_commands": True},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_worker_may_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    given, expected = CASES[case]
    have: Permission = given.get("have", "auto")  # pyright: ignore[reportAssignmentType]
    policy: ApprovalPolicy = given.get("policy", "delegate")  # pyright: ignore[reportAssignmentType]
    halt: tuple[HaltPoint, ...] = given.get("halt", ())  # pyright: ignore[reportAssignmentType]
    task = task_of("T1", policies=given.get("task", Policies()), phases=given.get("phases", []))
    there = place(
        tmp_path,
        monkeypatch,
        plan=plan_of(task, policies=given.get("plan", Policies())),
        how=options(policy, halt_on=halt),
        policies=ev.PoliciesInForce(write_files=have, run_shell=have, network=have),
    )
    job: WorkerJob = make_job(there.ctx, "T1", there.base("T1"), "0" * 32)
    got = {
        "write_files": job.write_files, "run_shell": job.run_shell, "network": job.network,
        "step_commands": job.step_commands,
    }  # fmt: skip
    usual = {"write_files": have, "run_shell": have, "network": have, "step_commands": False}
    assert got == {**usual, **expected}
    assert job.tmp.stat().st_mode & 0o077 == 0
    assert job.home.stat().st_mode & 0o077 == 0
