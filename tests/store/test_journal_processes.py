"""Several processes and one journal; a process that dies; a disk that is full."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from makeitso.errors import StoreError
from makeitso.protocol import events as ev
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal
from store import store_process as process

WRITERS, EACH = 4, 30


def opened(path: Path) -> Journal:
    return Journal(path, clock=SystemClock(), client="test")


def begin(*processes: subprocess.Popen[str]) -> None:
    """Let processes that are ready go at the same time."""
    for one in processes:
        assert process.line_of(one) == "ready"
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def test_processes_that_append_at_once_make_one_whole_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    writers = [process.start("append", path, f"w{n}", EACH) for n in range(WRITERS)]
    begin(*writers)
    said = [[int(seq) for seq in process.ended(one).split()] for one in writers]
    journal = opened(path)
    events = list(journal.read())
    assert journal.verify() is None
    assert [event.seq for event in events] == list(range(1, WRITERS * EACH + 1))
    assert sorted(seq for seqs in said for seq in seqs) == [event.seq for event in events]
    assert Counter(event.client for event in events) == {f"w{n}": EACH for n in range(WRITERS)}
    by_seq = {event.seq: event for event in events}
    for number, seqs in enumerate(said):
        assert [by_seq[seq].data for seq in seqs] == [
            ev.NoteAdded(text=f"w{number} {n}") for n in range(EACH)
        ]
    journal.close()


def test_processes_that_make_the_journal_at_once_all_open_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.db"
    openers = [process.start("open", path) for _ in range(WRITERS)]
    begin(*openers)
    assert [process.ended(one).strip() for one in openers] == ["opened"] * WRITERS


@pytest.mark.parametrize("acknowledged", [1, 9, 40])
def test_what_was_acknowledged_before_kill_9_is_there(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "journal.db"
    writer = process.start("append", path, "dies", process.FOREVER)
    begin(writer)
    seen = [int(process.line_of(writer)) for _ in range(acknowledged)]
    seen += [int(line) for line in process.killed(writer).split("\n")[:-1] if line]
    journal = opened(path)
    assert journal.verify() is None
    kept = [event.seq for event in journal.read()]
    assert kept[: len(seen)] == seen
    assert len(kept) <= len(seen) + 1, "at most the one that was on its way"
    following = journal.append(ev.NoteAdded(text="goes on"), actor="engine")
    assert following.seq == len(kept) + 1
    assert journal.verify() is None
    journal.close()


def test_a_file_that_may_not_grow_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    *numbers, error, readable = process.ended(process.start("fill", path, 60_000)).splitlines()
    kind, message, hint = error.split("|")
    assert kind == "StoreError"
    assert str(path) in message
    assert "free some disk space" in hint
    assert "mis resume" in hint
    assert numbers, "something was written before there was no room"
    assert readable == str(len(numbers) + 1), "still readable where it could not be written"
    journal = opened(path)
    assert journal.verify() is None
    assert len(list(journal.read())) == len(numbers) + 1
    journal.append(ev.NoteAdded(text="there is room again"), actor="engine")
    assert journal.verify() is None
    journal.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A mount of 256 kB in namespaces of its own, or a skip: not every machine lets one."""
    probe = ["unshare", "-Urm", "sh", "-c", f"mount -t tmpfs -o size=256k none {tmp_path}"]
    try:
        done = subprocess.run(probe, capture_output=True, check=False, timeout=20)
    except OSError:
        pytest.skip("unshare is not installed")
    if done.returncode != 0:
        pytest.skip("this machine lets nobody mount in a namespace")
    return tmp_path


def test_a_disk_that_is_full_loses_nothing(small_disk: Path) -> None:
    script = small_disk.parent / "on_small_disk.sh"
    program = Path(process.__file__)
    script.write_text(
        f"mount -t tmpfs -o size=256k none '{small_disk}' || exit 9\n"
        f"'{process.sys.executable}' -P '{program}' fill '{small_disk}/j.db' 100000000\n"
        f"cat '{small_disk}'/j.db* > '{script}.copy'\n"
        f"for f in '{small_disk}'/j.db*; do cp \"$f\" '{script}'.\"${{f##*/}}\"; done\n"
    )
    done = subprocess.run(
        ["unshare", "-Urm", "sh", str(script)], capture_output=True, text=True, check=True
    )
    *numbers, error, readable = done.stdout.splitlines()
    assert error.startswith("StoreError|")
    assert "free some disk space" in error
    assert readable == str(len(numbers) + 1)
    journal = opened(Path(f"{script}.j.db"))
    assert journal.verify() is None
    assert len(list(journal.read())) == len(numbers) + 1
    journal.close()


def test_a_directory_that_is_a_file_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "dot").write_text("in the way")
    with pytest.raises(StoreError, match="cannot open the journal") as caught:
        opened(tmp_path / "dot" / "journal.db")
    assert caught.value.hint
