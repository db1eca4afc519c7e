"""A replay holds what a run put out, reads as the run read it, and is refused when it is none."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.tape import Tape
from makeitso.errors import StoreError
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.locations import localise
from makeitso.parsing.patterns import Pattern
from makeitso.parsing.stream import StreamParser
from makeitso.parsing.tokens import live_token
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import Record
from makeitso.store import replay_keeping, replays
from makeitso.store.outputs import OutputFile
from makeitso.store.replay_keeping import keep
from makeitso.store.replay_readings import Reading, note, noted, reading_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE, _ = load_library(packaged_text("regexes.toml"))
TOKENS = Delimiters()
PHASES = {"task": "task", "work": "task"}
NONCE = "13579bdf02468ace" * 2
ROOT = "/trees/r-T1"
OUT = f"{ROOT}/src/a.py:3:1: E501 line too long\nfnord 1\n\x1b[31mb.c:3:4: error: x\x1b[0m\n"
SAID = f"{live_token(TOKENS.start, NONCE)} work\nprose\n{live_token(TOKENS.end, NONCE)}\n"
FORGED = f"{live_token(TOKENS.start, 'f' * 32)} work\n"


@dataclass
class Kept:
    """A run on tape, with its output files."""

    top: Path
    run: str = "r20260101-1"
    tape: Tape = field(init=False)

    def __post_init__(self) -> None:
        self.tape = Tape(run=self.run).created()

    @property
    def folder(self) -> Path:
        return self.top / "replays"

    @property
    def artifacts(self) -> Path:
        return self.top / "artifacts"

    def puts(self, channel: str, *turns: bytes, task: str = "T1") -> list[ev.OutputRef]:
        file = OutputFile(self.artifacts, f"{self.run}/{task}/output/{channel}.log")
        refs: list[ev.OutputRef] = []
        for turn in turns:
            file.write(turn)
            refs.append(file.mark())
        file.close()
        return refs

    def keep(
        self,
        *,
        nonce: str | None = NONCE,
        folder: Path | None = None,
        fault: Callable[[str], None] = lambda name: None,
    ) -> Path | None:
        return keep(
            folder or self.folder,
            self.tape.events,
            artifacts=self.artifacts,
            nonce=nonce,
            fallback=reading_of(BASE, TOKENS, PHASES),
            fault=fault,
        )


def started(reading: Reading | None = None, **more: tuple[str, ...]) -> ev.WorkerStarted:
    return ev.WorkerStarted(
        worker="codex",
        pid=1,
        start_time=1.0,
        thread="t",
        program="p",
        library=reading.library if reading else "",
        reading=reading.digest if reading else "",
        shadow=more.get("shadow", ()),
        canary=more.get("canary", ()),
    )


def one_run(at: Kept, *, finished: bool = True) -> Kept:
    """Two sessions of a task: the first over two turns and with a frame, the second killed."""
    how = reading_of(BASE, TOKENS, PHASES)
    note(at.folder, how)
    add = at.tape.add
    add(ev.WorktreeCreated(path=ROOT, commit="c"), "T1")
    add(started(how, shadow=("p-one",)), "T1", "task")
    out = at.puts("stdout", OUT.encode() + b"half a", b" line\n")
    said = at.puts("message", (SAID + FORGED).encode(), b"more\n")
    wire = at.puts("wire", b"{}\n")
    add(ended(out[0], said[0], wire[0]), "T1", "task")
    add(ended(out[1], said[1]), "T1", "task")
    add(ev.WorkerEnded(reason="done"), "T1", "task")
    add(started(how, canary=("p-two",)), "T1", "task")
    add(
        ev.WorkerEnded(reason="was gone", outputs=tuple(at.puts("stdout", b"a.py:9:1: E501 x"))),
        "T1",
    )
    if finished:
        add(ev.RunFinished(state="done", reason="all of it"))
    return at


def ended(*outputs: ev.OutputRef) -> ev.TurnEnded:
    return ev.TurnEnded(status="completed", outputs=outputs)


def records_of(data: bytes, *, channel: str, library: Library = BASE) -> list[Record]:
    """What a run would have recorded, by the parser that runs use."""
    parser = StreamParser(
        channel,  # pyright: ignore[reportArgumentType]
        library, delimiters=TOKENS, nonce=NONCE, phases=PHASES,
    )  # fmt: skip
    found = (*parser.feed(data), *parser.close())
    return [localise(one, roots=(ROOT,)) for one in found if isinstance(one, Record)]


def in_order(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.stream_line, record.pattern))


def made(at: Kept) -> Path:
    path = at.keep()
    assert path is not None
    return path


def test_what_a_run_put_out_is_kept_session_by_session(tmp_path: Path) -> None:
    replay = replays.read(made(one_run(Kept(tmp_path))))
    assert (replay.run, replay.version, replay.state) == ("r20260101-1", "0", "done")
    assert (replay.exact, replay.cut_bytes, replay.reason) == (True, 0, "all of it")
    assert [(s.session, s.channel, s.root) for s in replay.streams] == [
        (1, "message", ROOT), (1, "stdout", ROOT), (2, "stdout", ROOT),
    ]  # fmt: skip
    _, out, killed = replay.streams
    assert out.data == OUT.encode() + b"half a line\n"
    assert out.turns == (len(OUT.encode()) + 6, len(out.data))
    assert killed.data == b"a.py:9:1: E501 x"
    assert (replay.shadow, replay.canary) == (("p-one",), ("p-two",))
    assert (killed.shadow, killed.canary) == ((), ("p-two",))
    assert replay.readings[out.reading].patterns().digest() == BASE.digest()


def test_read_again_it_gives_the_records_of_the_run(tmp_path: Path) -> None:
    path = made(one_run(Kept(tmp_path)))
    replay = replays.read(path)
    lines = list(replays.lines_of(replay))
    by_channel = [
        records_of((SAID + FORGED).encode() + b"more\n", channel="message"),
        records_of(OUT.encode() + b"half a line\n", channel="stdout"),
        records_of(b"a.py:9:1: E501 x", channel="stdout"),
    ]
    found = [record for line in lines for record in line.records]
    sessions = ((1, "message"), (1, "stdout"), (2, "stdout"))
    for session, records in zip(sessions, by_channel, strict=True):
        own = [r for line in lines if (line.session, line.channel) == session for r in line.records]
        assert in_order(own) == in_order(records)
    assert [r.event for r in found if r.intent == "frame"] == ["start", "end"]
    assert [(r.path, r.line) for r in found if r.code == "E501"] == [("src/a.py", 3), ("a.py", 9)]
    told = {line.text: (line.pattern is not None, line.miss, line.reason) for line in lines}
    assert told["fnord 1"] == (False, "new", "unexplained")
    assert told["b.c:3:4: error: x"][0]
    assert told["prose"] == (False, None, None), "an agent's own words are no miss"
    assert next(line.miss for line in lines if "MIS:START ffff" in line.text) == "spoofed"


def test_another_library_reads_it_anew(tmp_path: Path) -> None:
    replay = replays.read(made(one_run(Kept(tmp_path))))
    fnord = Pattern(name="fnord", intent="event", regex=r"^fnord (?P<code>\d+)$")
    lines = list(replays.lines_of(replay, library=Library((fnord,))))
    assert [line.pattern for line in lines if line.text == "fnord 1"] == ["fnord"]
    assert {r.pattern for line in lines for r in line.records} == {"fnord", "frame"}


def test_each_session_is_read_with_its_own_library(tmp_path: Path) -> None:
    at = Kept(tmp_path)
    fnord = Pattern(name="fnord", intent="event", regex=r"^fnord (?P<code>\d+)$")
    later = reading_of(Library((fnord,)), TOKENS, PHASES)
    note(at.folder, later)
    at.tape.add(started(), "T1", "task")
    at.tape.add(ev.WorkerEnded(reason="", outputs=tuple(at.puts("stdout", b"fnord 1\n"))), "T1")
    at.tape.add(started(later), "T1", "task")
    at.tape.add(ev.WorkerEnded(reason="", outputs=tuple(at.puts("stdout", b"fnord 1\n"))), "T1")
    at.tape.add(ev.RunFinished(state="failed", reason=""))
    replay = replays.read(made(at))
    assert [line.pattern for line in replays.lines_of(replay)] == [None, "fnord"]
    assert set(replay.readings) == {later.digest, reading_of(BASE, TOKENS, PHASES).digest}


def test_the_runs_own_nonce_is_not_in_it(tmp_path: Path) -> None:
    at = one_run(Kept(tmp_path))
    path = made(at)
    assert NONCE.encode() not in gzip.decompress(path.read_bytes())
    again = at.keep(nonce=None, folder=tmp_path / "other")
    assert again is not None
    replay = replays.read(again)
    assert replay.exact is False
    assert all(r.intent != "frame" for line in replays.lines_of(replay) for r in line.records)


def test_twice_is_once_and_made_anew_it_is_the_same_file(tmp_path: Path) -> None:
    at = one_run(Kept(tmp_path))
    path = made(at)
    first, stat = path.read_bytes(), path.stat()
    assert at.keep() == path
    assert path.stat().st_ino == stat.st_ino, "not written again"
    path.unlink()
    assert made(at).read_bytes() == first
    assert path.stat().st_mode & 0o077 == 0
    with tarfile.open(path) as tar:
        names = tar.getnames()
    assert names[:3] == ["streams/0001.log", "streams/0002.log", "streams/0003.log"]
    assert names[-1] == "manifest.json"


def test_nothing_is_kept_of_a_run_that_goes_on_or_put_nothing_out(tmp_path: Path) -> None:
    open_run = one_run(Kept(tmp_path), finished=False)
    assert open_run.keep() is None
    silent = Kept(tmp_path, run="r20260101-2")
    silent.tape.add(ev.RunFinished(state="done", reason=""))
    assert silent.keep() is None
    assert replays.kept(tmp_path / "replays") == []
    cleaned = one_run(Kept(tmp_path / "b"))
    for path in (cleaned.artifacts / cleaned.run).rglob("*.log"):
        path.unlink()
    assert cleaned.keep() is None


def test_what_is_too_large_is_cut_behind_a_line_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_keeping, "MAX_STREAM_BYTES", 25)
    at = Kept(tmp_path)
    at.tape.add(started(), "T1", "task")
    refs = at.puts("stdout", b"0123456\n", b"0123456\n0123456\n0123456\n", b"0123456\n")
    for ref in refs:
        at.tape.add(ended(ref), "T1", "task")
    at.tape.add(ev.RunFinished(state="done", reason=""))
    (stream,) = replays.read(made(at)).streams
    assert stream.data == b"0123456\n" * 3
    assert (stream.cut_bytes, stream.turns) == (16, (8,))


def test_the_streams_of_a_run_have_a_limit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_keeping, "MAX_STREAMS_BYTES", 10)
    at = Kept(tmp_path)
    at.tape.add(started(), "T1", "task")
    outputs = (*at.puts("message", b"1234567\n"), *at.puts("stderr", b"1\n2345678\n"))
    at.tape.add(ended(*outputs), "T1", "task")
    at.tape.add(ev.RunFinished(state="done", reason=""))
    streams = replays.read(made(at)).streams
    assert [(s.channel, s.data, s.cut_bytes) for s in streams] == [
        ("message", b"1234567\n", 0), ("stderr", b"1\n", 8),
    ]  # fmt: skip


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_output_that_is_not_as_recorded_is_left_out(tmp_path: Path, harm: str) -> None:
    at = one_run(Kept(tmp_path))
    log = at.artifacts / at.run / "T1/output/stdout.log"
    if harm == "changed":
        log.write_bytes(log.read_bytes().replace(b"fnord 1", b"fnord 2"))
    else:
        log.unlink()
    replay = replays.read(made(at))
    out = [s for s in replay.streams if s.channel == "stdout"]
    if harm == "gone":
        assert out == []
    else:
        assert (out[0].data, out[0].cut_bytes) == (b"", len(OUT.encode()) + len(b"half a line\n"))
        assert out[1].data == b"a.py:9:1: E501 x"


def test_replays_are_listed_by_run_newest_last(tmp_path: Path) -> None:
    names = ["r20260102-1", "r20260101-10", "r20260101-9"]
    for name in (*names, "x", ".r20260101-3", "r20260101"):
        (tmp_path / f"{name}.tar.gz").touch()
    (tmp_path / "readings").mkdir()
    assert [replays.run_of(path) for path in replays.kept(tmp_path)] == [
        "r20260101-9", "r20260101-10", "r20260102-1",
    ]  # fmt: skip
    assert replays.kept(tmp_path / "missing") == []


@pytest.mark.parametrize("at", ["replay.written", "replay.kept"])
def test_killed_while_it_is_written_it_is_there_as_a_whole_or_not(tmp_path: Path, at: str) -> None:
    class Killed(BaseException):
        pass

    def fault(name: str) -> None:
        if name == at:
            raise Killed

    run = one_run(Kept(tmp_path))
    with pytest.raises(Killed):
        run.keep(fault=fault)
    assert len(replays.kept(run.folder)) == (1 if at == "replay.kept" else 0)
    (run.folder / f".{run.run}.tar.gz.1-1.tmp").write_text("of a process that is gone")
    replays.read(made(run))
    left = [path.name for path in run.folder.iterdir() if path.name.startswith(".")]
    assert len(left) == (at == "replay.kept"), "what was there already is not touched"


def test_a_reading_that_was_changed_on_disk_is_none(tmp_path: Path) -> None:
    how = reading_of(BASE, TOKENS, PHASES)
    note(tmp_path, how)
    note(tmp_path, how)
    assert noted(tmp_path, how.digest) == how
    (path,) = (tmp_path / "readings").iterdir()
    path.write_bytes(path.read_bytes().replace(b"ruff", b"ruft"))
    assert noted(tmp_path, how.digest) is None
    assert noted(tmp_path, "0" * 64) is None


# --- what is not a replay ---


def packed(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for info, data in entries:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def contents(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(path) as tar:
        return [(tarfile.TarInfo(i.name), (tar.extractfile(i) or io.BytesIO()).read()) for i in tar]


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        replays.read(path)
    assert caught.value.hint
    return caught.value.message


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return made(one_run(Kept(tmp_path)))


def test_what_was_packed_again_is_still_one(whole: Path) -> None:
    before = replays.read(whole)
    assert replays.read(packed(whole, *contents(whole))) == before


def test_cut_damaged_or_followed_files_are_refused(whole: Path) -> None:
    data = whole.read_bytes()
    for harmed in (
        b"",
        b"text",
        data[: len(data) // 2],
        data[:-4],
        data + data,
        gzip.compress(b""),
    ):
        whole.write_bytes(harmed)
        assert refusal(whole)
    body = bytearray(data)
    body[len(body) // 2] ^= 0xFF
    whole.write_bytes(body)
    assert refusal(whole)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "streams/1.log", "streams/0009.log", "notes.txt", "x" * 90]
)
def test_a_member_with_another_name_is_refused(whole: Path, name: str) -> None:
    packed(whole, (tarfile.TarInfo(name), b"x"), *contents(whole))
    refusal(whole)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, b"x"])
def test_a_member_that_is_no_plain_file_is_refused(whole: Path, kind: bytes) -> None:
    entries = contents(whole)
    entries[0][0].type = kind
    packed(whole, *entries)
    assert "does not belong" in refusal(whole)


def test_a_bomb_is_refused_before_it_is_unpacked(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("makeitso.store.replay_archive.MAX_BYTES", 1 << 20)
    entries = contents(whole)
    packed(whole, (tarfile.TarInfo("streams/0009.log"), bytes(2 << 20)), *entries)
    assert "too large" in refusal(whole)
    many = [(tarfile.TarInfo(f"streams/{n:04}.log"), bytes(200 << 10)) for n in range(1, 9)]
    packed(whole, *many)
    assert "more than" in refusal(whole)
    packed(whole, *[(tarfile.TarInfo(f"streams/{n:04}.log"), b"") for n in range(1, 4500)])
    assert "too many" in refusal(whole)
    whole.write_bytes(bytes((1 << 20) + 1))
    assert "too large" in refusal(whole)


def test_a_name_twice_is_refused(whole: Path) -> None:
    entries = contents(whole)
    packed(whole, entries[0], *entries)
    assert "too many" in refusal(whole)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"run": ""},
        {"nonce": "x"},
        {"more": 1},
        {"streams": []},
        {"readings": []},
    ],
)
def test_a_table_of_contents_that_is_not_right_is_refused(
    whole: Path, change: dict[str, object]
) -> None:
    entries = contents(whole)
    info, data = entries.pop()
    manifest = {**json.loads(data), **change}
    packed(whole, *entries, (info, json.dumps(manifest).encode()))
    refusal(whole)


@pytest.mark.parametrize("member", ["streams/0002.log", "readings"])
def test_bytes_that_are_not_those_of_the_table_are_refused(whole: Path, member: str) -> None:
    entries = [
        (info, data.replace(b"E501", b"E502") if info.name.startswith(member) else data)
        for info, data in contents(whole)
    ]
    packed(whole, *entries)
    assert "changed" in refusal(whole)


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    assert "cannot read" in refusal(tmp_path / "r20260101-1.tar.gz")


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_harm_to_the_bytes_inside_goes_unseen(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "r20260101-7.tar.gz"
    if not path.exists():
        at = Kept(tmp_path_factory.mktemp("harmed"))
        at.tape.add(started(), "T1", "task")
        at.tape.add(ended(*at.puts("stdout", b"fnord\n")), "T1", "task")
        at.tape.add(ev.RunFinished(state="done", reason=""))
        small = reading_of(Library(BASE.patterns[:2]), TOKENS, PHASES)
        made_path = keep(
            at.folder, at.tape.events, artifacts=at.artifacts, nonce=NONCE, fallback=small
        )
        assert made_path is not None
        path.write_bytes(made_path.read_bytes())
    whole = gzip.decompress(path.read_bytes())
    harmed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        # Where there is something: most of a tar is padding.
        place = data.draw(st.integers(0, len(whole.rstrip(b"\0")) - 1))
        harmed[place] = data.draw(st.integers(0, 255))
    one = path.with_name("r20260101-8.tar.gz")
    one.write_bytes(gzip.compress(bytes(harmed), compresslevel=1))
    try:
        found = replays.read(one)
    except StoreError:
        return
    assert found.streams == replays.read(path).streams
    assert found.readings == replays.read(path).readings
