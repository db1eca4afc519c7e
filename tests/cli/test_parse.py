"""`mis parse`: any log, anywhere; rows for scripts, lines for people, scores for expectations."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from mis_process import Mis, mis_in

from makeitso.cli import parse_read

if TYPE_CHECKING:
    from pathlib import Path

LOG = (
    "src/a.c:3:4: error: no such thing\n"
    "<<MIS:START>> Build\n"
    "zork 1 of 20\nzork 2 of 20\n"
    '<<MIS:JSON>>{"event": "made", "artifact": "out/a"}\n'
    "<<MIS:END>>\n"
)
OWN = """\
[[pattern]]
name = "zork"
intent = "event"
regex = '^zork (?P<event>\\d+) of \\d+$'
"""


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    found = mis_in(tmp_path)
    (found.work / ".git").rmdir()  # no repository, no workspace
    found.write("build.log", LOG)
    return found


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def piped(mis: Mis, data: bytes, *args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "makeitso", "parse", *args],
        cwd=mis.work, env=mis.env, input=data, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_each_record_and_miss_is_one_object(mis: Mis) -> None:
    done = mis.inside("parse", "build.log", "--json")
    assert done.code == 0
    first, start, *misses, made, end = rows(done.out)
    assert first == {
        "kind": "record", "file": "build.log", "pattern": "gcc_diagnostic", "intent": "diagnostic",
        "line": 1,
        "fields": {
            "path": "src/a.c", "line": 3, "column": 4, "severity": "error",
            "message": "no such thing",
        },
    }  # fmt: skip
    assert [start["fields"]["event"], end["fields"]["event"]] == ["start", "end"]
    assert made["fields"]["json"] == {"event": "made", "artifact": "out/a"}
    assert misses[0] == {
        "kind": "miss", "file": "build.log", "pattern": None, "line": 3,
        "fields": {"reason": "unexplained", "text": "zork 1 of 20"},
    }  # fmt: skip
    assert "read with the packaged patterns" in done.err
    assert not (mis.work / ".makeitso").exists()


def test_a_person_sees_misses_of_one_shape_once(mis: Mis) -> None:
    done = mis.inside("parse", "build.log")
    shown = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "1 error src/a.c:3:4 no such thing (gcc_diagnostic)" in shown
    assert "2 x zork 1 of 20, first in line 3" in shown
    assert "zork 2 of 20" not in done.out
    assert "understood: 1 (33.3 %)" in done.out


def test_control_characters_of_a_log_do_not_reach_the_terminal(mis: Mis) -> None:
    mis.write("evil.log", "a.c:1:1: error: x\u202ey\u009b31m\n")
    done = mis.inside("parse", "evil.log")
    assert "x\\u202ey\\x9b31m" in done.out


def test_stdin_with_bytes_that_are_no_text(mis: Mis) -> None:
    done = piped(mis, b'<<MIS:JSON>>{"t": "\\ud800"}\n\xff\xfe zork\n', "-", "--json")
    assert done.returncode == 0, done.stderr
    refused, miss = rows(done.stdout.decode())
    assert (refused["fields"]["reason"], refused["line"]) == ("json_error", 1)
    assert miss["fields"]["text"] == "\ufffd\ufffd zork"
    assert piped(mis, b"", "-").returncode == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
def test_a_file_name_that_is_no_text(mis: Mis) -> None:
    (mis.work / "build.log").rename(mis.work / os.fsdecode(b"\xff.log"))
    done = mis("parse", "--json", os.fsdecode(b"\xff.log"))
    assert [row["file"] for row in rows(done.out)][:1] == ["\udcff.log"]
    plain = mis("parse", os.fsdecode(b"\xff.log"))
    assert (done.code, plain.code) == (0, 0)
    assert "no such thing" in plain.out


def test_a_file_that_cannot_be_read_does_not_end_the_others(mis: Mis) -> None:
    (mis.work / "log.gz").write_bytes(gzip.compress(b"x"))
    done = mis.inside("parse", "gone.log", "log.gz", ".", "build.log", "--json")
    assert done.code == 1
    assert [row.get("type", row.get("kind")) for row in rows(done.out)[:4]] == [
        "error", "error", "error", "record",
    ]  # fmt: skip
    assert "gzip -dc log.gz | mis parse -" in done.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("build.log", "--expect", "."), "--expect takes no FILE"),
        (("--expect", "gone"), "no directory"),
        (("--expect", "."), "no expectations below"),
        (("build.log", "--channel", "wires"), "no channel"),
        (("build.log", "--library", "gone.toml"), "cannot be read"),
        (("build.log", "--library", "build.log"), "no pattern that can be used"),
    ],
)
def test_what_makes_no_sense_is_refused(mis: Mis, args: tuple[str, ...], said: str) -> None:
    done = mis.inside("parse", *args)
    assert done.code == 2
    assert said in done.err


def test_a_library_is_laid_over_the_packaged_one(mis: Mis) -> None:
    mis.write("own.toml", OWN + "[[pattern]]\nname = 'bad'\nintent = 'x'\nregex = '('\n")
    done = mis.inside("parse", "build.log", "--library", "own.toml", "--json")
    found = rows(done.out)
    assert [r["pattern"] for r in found if r["line"] in (1, 3, 4)] == [
        "gcc_diagnostic", "zork", "zork",
    ]  # fmt: skip
    assert "own.toml:8: error:" in done.err
    assert "the packaged patterns and own.toml" in done.err


def test_the_workspaces_own_library_counts_once_it_is_trusted(mis: Mis) -> None:
    mis.write(".makeitso/protocol/regexes.toml", OWN)
    before = mis.inside("parse", "build.log")
    assert "not trusted" in before.err
    assert "zork 1 of 20" in before.out
    assert mis.inside("trust", "--yes").code == 0
    after = mis.inside("parse", "build.log")
    assert "and .makeitso/protocol/regexes.toml" in after.err
    assert "(zork)" in after.out


def test_expectations_are_scored_wherever_they_are(mis: Mis) -> None:
    mis.write("x/gcc.in", "a.c:1:2: error: m\n")
    mis.write("x/gcc.ok", "a.c|1 col 2 error| m\n")
    mis.write("x/y/more.in", "a.c:1:2: error: m\n")
    mis.write("x/y/more.ok", "a.c|1 col 2 error| other\n")
    done = mis.inside("parse", "--expect", "x", "--json")
    assert done.code == 0
    *cases, total = rows(done.out)
    assert [(c["file"], c["passed"]) for c in cases] == [
        ("x/gcc.in", True), ("x/y/more.in", False),
    ]  # fmt: skip
    assert (total["cases"], total["precision"], total["recall"], total["f1"]) == (2, 0.5, 0.5, 0.5)
    assert sorted(total["by_tool"]) == ["gcc", "more"]
    mis.write("x/broken.ok", "no bars\n")
    mis.write("x/alone.ok", "a|1| m\n")
    broken = mis.inside("parse", "--expect", "x")
    assert broken.code == 1
    assert broken.err.count("not scored") == 2
    assert "more.in  more: 0 of 1 record, 1 wrong" in broken.out


def test_memory_does_not_grow_with_the_log(mis: Mis) -> None:
    line = b"x" * 40 + b" zork %d of some thing\n"
    small, big = (b"".join(line % n for n in range(count)) for count in (1000, 150_000))
    peaks: list[int] = []
    for data in (small, big):
        (mis.work / "big.log").write_bytes(data)
        program = (
            "import resource, sys; from makeitso.cli.main import main; main(sys.argv[1:]);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        done = mis("parse", "big.log", python=("-c", program))
        peaks.append(int(done.err.splitlines()[-1]))
    unit = 1 if sys.platform == "darwin" else 1024
    assert (peaks[1] - peaks[0]) * unit < len(big)


def test_of_a_long_file_a_person_sees_how_far_it_is(
    mis: Mis, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    path = mis.write("long.log", "x\n" * parse_read.PIECE_BYTES)
    monkeypatch.setattr(parse_read, "LONG_BYTES", 1000)
    for out, err, shown in (
        (io.StringIO(), Terminal(), ["", "'long.log': 50 %", "\x1b[K"]),
        (Terminal(), Terminal(), [""]),  # the result says it itself
        (io.StringIO(), io.StringIO(), [""]),
    ):
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert sum(map(len, parse_read.pieces(str(path)))) == 2 * parse_read.PIECE_BYTES
        assert [s for s in err.getvalue().split("\r") if "100" not in s] == shown


def test_an_interrupt_ends_it_at_once(mis: Mis) -> None:
    reader, writer = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "makeitso", "parse", "-"],
        cwd=mis.work, env=mis.env, stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        os.write(writer, LOG.encode())
        assert process.stdout is not None
        # What has come is shown while the writer goes on.
        assert any(b"no such thing" in line for line in iter(process.stdout.readline, b""))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert err == b""
    os.close(reader)
    os.close(writer)
