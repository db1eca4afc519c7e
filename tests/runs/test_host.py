from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import options, plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.protocol.plan import Delimiters
from makeitso.runs.ask import decide
from makeitso.runs.rounds.host import Host
from makeitso.store.outputs import fetch
from makeitso.workers import port
from runs.run_place import SECRET, Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.words import ApprovalScope

pytestmark = pytest.mark.anyio
NONCE = "0123456789abcdef" * 2


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = place(tmp_path, monkeypatch, plan=plan_of("T1", "T2"), how=options(budget_tokens=100))
    for task in ("T1", "T2"):
        found.stands(task)
    return found


def host_of(there: Place, task: str = "T1", *, nobody: bool = False) -> Host:
    return Host(
        there.ctx, task=task, phase="task", delimiters=Delimiters(), nonce=NONCE,
        nobody=lambda: nobody,
    )  # fmt: skip


@dataclass
class FakeSession:
    """A plain fake of a worker session: it counts how often it was interrupted."""

    interrupted: list[int] = field(default_factory=list[int])

    async def interrupt(self) -> None:
        self.interrupted.append(1)


def command(**over: object) -> port.WorkerAsk:
    fields: dict[str, object] = {"kind": "command", "subject": "make all", "reason": "why"}
    return port.WorkerAsk(**{**fields, **over})  # pyright: ignore[reportArgumentType]


async def answered(
    there: Place, host: Host, request: port.WorkerAsk, *, grant: bool = True,
    scope: ApprovalScope = "once", because: str = "", answer: str = "",
) -> port.WorkerAnswer:  # fmt: skip
    """What the worker hears when a person answers the one question this puts."""
    got: list[port.WorkerAnswer] = []

    async def put() -> None:
        got.append(await host.ask(request))

    before = {a.id for a in there.ctx.run.approvals.values()}
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(put)
            while not there.ctx.run.pending:
                await there.ctx.book.changed()
            (asked,) = there.ctx.run.pending
            assert asked.id not in before
            decide(
                there.ctx.book,
                Decision(id=asked.id, grant=grant, scope=scope, because=because, answer=answer),
            )
    return got[0]


async def quietly(host: Host, request: port.WorkerAsk) -> port.WorkerAnswer:
    """What the worker hears without anybody being asked."""
    with anyio.fail_after(10):
        return await host.ask(request)


def usage(total_in: int, total_out: int) -> port.Usage:
    return port.Usage(
        input_tokens=total_in, cached_input_tokens=0, output_tokens=total_out,
        reasoning_tokens=0, total_tokens=total_in + total_out,
    )  # fmt: skip


# -- questions ------------------------------------------------------------------------------------


async def test_a_grant_for_once_is_used_once(there: Place) -> None:
    host = host_of(there)
    assert (await answered(there, host, command())).granted
    assert there.found(ev.ApprovalUsed) == [ev.ApprovalUsed(id="a1")]
    again = await answered(there, host, command(), grant=False, because="not twice")
    assert (again.granted, again.text) == (False, "not twice")


@pytest.mark.parametrize(("scope", "other"), [("task", False), ("run", True)])
async def test_a_wider_grant_is_not_asked_again(
    there: Place, scope: ApprovalScope, other: bool
) -> None:
    host = host_of(there)
    await answered(there, host, command(), scope=scope)
    assert (await quietly(host, command())).granted
    if other:
        assert (await quietly(host_of(there, "T2"), command())).granted
    else:
        assert (await answered(there, host_of(there, "T2"), command())).granted


ELSEWHERE: dict[str, dict[str, object]] = {
    "another command": {"subject": "make install"},
    "another directory": {"cwd": "/etc"},
    "outside the sandbox": {"unsandboxed": True},
    "another kind": {"kind": "network"},
    "a second line": {"subject": "make\nall"},
}


@pytest.mark.parametrize("case", ELSEWHERE)
async def test_a_grant_for_the_run_holds_for_exactly_what_was_shown(
    there: Place, case: str
) -> None:
    host = host_of(there)
    await answered(there, host, command(), scope="run")
    denied = await answered(there, host, command(**ELSEWHERE[case]), grant=False)
    assert not denied.granted


async def test_the_same_place_in_two_worktrees_is_the_same(there: Place) -> None:
    trees = [there.ctx.task(task).worktree for task in ("T1", "T2")]
    await answered(there, host_of(there), command(cwd=f"{trees[0]}/src"), scope="run")
    assert (await quietly(host_of(there, "T2"), command(cwd=f"{trees[1]}/src"))).granted
    inside_name = command(cwd=f"{trees[1]}-other/src")
    assert not (await answered(there, host_of(there, "T2"), inside_name, grant=False)).granted


async def test_what_was_decided_while_the_process_was_down_is_not_asked_again(
    there: Place,
) -> None:
    first = host_of(there, nobody=True)
    refused = await quietly(first, command())
    assert refused == port.WorkerAnswer(
        granted=False, text="a person decides this later", interrupt=True
    )
    assert first.unanswered
    decide(there.ctx.book, Decision(id="a1", grant=True))
    later = host_of(there, nobody=True)
    assert (await quietly(later, command())).granted
    assert not later.unanswered


async def test_a_denial_reaches_the_worker_with_its_reason_and_is_not_held_against_it(
    there: Place,
) -> None:
    host = host_of(there)
    said = await answered(there, host, command(), grant=False, because="use make check")
    assert said == port.WorkerAnswer(granted=False, text="use make check")
    assert (await answered(there, host, command())).granted


async def test_an_answer_to_a_question_is_words(there: Place) -> None:
    request = port.WorkerAsk(kind="question", subject="left?", reason="", choices=("yes", "no"))
    said = await answered(there, host_of(there), request, answer="right")
    assert said == port.WorkerAnswer(granted=True, text="right")
    (asked,) = there.found(ev.ApprovalAsked)
    assert isinstance(asked, ev.ApprovalAsked)
    assert (asked.kind, asked.choices, asked.scopes) == ("question", ("yes", "no"), ("once",))


async def test_the_question_says_what_a_grant_means(there: Place) -> None:
    host = host_of(there)
    await answered(there, host, command(unsandboxed=True))
    outside = port.WorkerAsk(kind="patch_outside", subject="/etc/hosts", reason="")
    await answered(there, host, outside, grant=False)
    first, second = there.found(ev.ApprovalAsked)
    assert isinstance(first, ev.ApprovalAsked)
    assert isinstance(second, ev.ApprovalAsked)
    assert first.unsandboxed
    assert first.detail.count("outside the sandbox") == 1
    assert "outside" not in second.detail
    assert second.subject == "write outside the worktree: /etc/hosts"


# -- tokens ---------------------------------------------------------------------------------------


async def test_cumulative_counts_become_what_was_spent_since(there: Place) -> None:
    host = host_of(there)
    for total in ((10, 1), (10, 1), (30, 2), (25, 2)):
        await host.emit(usage(*total))
    counted = there.found(ev.UsageCounted)
    spent = [(c.input_tokens, c.output_tokens) for c in counted if isinstance(c, ev.UsageCounted)]
    assert spent == [(10, 1), (20, 1)]
    assert there.ctx.run.tokens == 32


# -- what it puts out -----------------------------------------------------------------------------


async def test_output_is_kept_by_channel_and_the_references_hold(there: Place) -> None:
    host = host_of(there)
    await host.emit(port.Output(channel="message", data="größe".encode()[:4]))
    await host.emit(port.Output(channel="message", data="größe".encode()[4:]))
    await host.emit(port.Message(text="größe", final=True))
    await host.emit(port.Output(channel="stdout", data=b"built\n"))
    refs = host.flush()
    assert {ref.path.rpartition("/")[2]: fetch(there.artifacts, ref) for ref in refs} == {
        "message.log": "größe\n".encode(),
        "stdout.log": b"built\n",
    }
    assert there.door.text("message") == "größe\n"
    assert host.flush() == (), "nothing new, nothing to refer to"
    host.close()


async def test_neither_the_key_nor_the_runs_token_reach_the_journal(there: Place) -> None:
    host = host_of(there)
    line = f"<<MIS:START {NONCE}>>task\n<<MIS:ERR {NONCE}>> boom {SECRET}\n<<MIS:END {NONCE}>>\n"
    await host.emit(port.Output(channel="message", data=line.encode()))
    await host.emit(port.Output(channel="stdout", data=f"{NONCE} is odd\n".encode()))
    await host.emit(port.CommandEnded("i", f"echo {NONCE} {SECRET}", 0, 1))
    await host.emit(port.Notice(f"warning about {NONCE} and {SECRET}"))
    await host.emit(port.CommandStarted("i", f"echo {SECRET}", "/"))
    await answered(there, host, command(subject=f"print {NONCE} {SECRET}"), grant=False)
    host.close()
    frames = [f for f in there.found(ev.RecordFound) if isinstance(f, ev.RecordFound)]
    assert {f.record.event for f in frames} >= {"start", "err", "end"}, "the frames were read"
    written = there.journal_bytes()
    assert b"boom" in written
    assert NONCE.encode() not in written
    assert SECRET.encode() not in written
    assert all(SECRET not in text for _, _, text in there.door.shown)
    for path in there.artifacts.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


async def test_a_worker_that_starts_is_on_record_before_it_does_anything(there: Place) -> None:
    await host_of(there).emit(port.Started(pid=7, start_time=1.5, thread="x", program="codex 1"))
    worker = there.ctx.task("T1").worker
    assert worker is not None
    assert (worker.pid, worker.start_time, worker.thread) == (7, 1.5, "x")
