from __future__ import annotations

import pytest

from makeitso.parsing.library import Library, load_library
from makeitso.parsing.misses import fold_misses
from makeitso.parsing.records import plain_json
from makeitso.parsing.stream import LineCounts, StreamParser
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss, Record, StreamChannel

NONCE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(packaged_text("regexes.toml"))[0]


def parse(
    library: Library, text: str, channel: StreamChannel = "stdout", nonce: str | None = None
) -> list[Record | Miss]:
    parser = StreamParser(channel, library, nonce=nonce)
    return parser.feed(text.encode()) + parser.close()


def one(library: Library, text: str) -> dict[str, object]:
    (found,) = parse(library, text)
    assert isinstance(found, Record)
    return {
        k: v
        for k, v in plain_json(found).items()
        if k not in {"channel", "offset_bytes", "stream_line", "intent"}
    }


def test_a_head_is_completed_by_the_place_below_it(library: Library) -> None:
    text = "error[E0425]: cannot find value `x`\n --> src/main.rs:4:5\n"
    assert one(library, text) == {
        "pattern": "severity_head", "path": "src/main.rs", "line": 4, "column": 5,
        "severity": "error", "code": "E0425", "message": "cannot find value `x`",
    }  # fmt: skip
    assert one(library, "warning: alone\n")["pattern"] == "severity_head"
    found = parse(library, "F401 `os` imported\n  --> a.py:1:8\n  |\nerror: x\nerror: y\n")
    assert [(r.code, r.path, r.message) for r in found if isinstance(r, Record)] == [
        ("F401", "a.py", "`os` imported"), (None, None, "x"), (None, None, "y"),
    ]  # fmt: skip
    assert [r.stream_line for r in found] == [1, 4, 5]


def test_rows_take_the_file_they_stand_under(library: Library) -> None:
    text = "/w/a.ts\n  3:7  error  'x' is unused  no-unused-vars\n\n/w/b.ts\n  1:1  error  y\n"
    found = parse(library, text)
    assert [(r.path, r.line, r.code) for r in found if isinstance(r, Record)] == [
        ("/w/a.ts", 3, "no-unused-vars"), ("/w/b.ts", 1, None),
    ]  # fmt: skip


def test_only_the_place_is_passed_down() -> None:
    own, _ = load_library(
        "[[pattern]]\nname = 'file'\nintent = 'context'\n"
        "regex = '^file (?P<path>\\S+) (?P<message>.+)$'\n"
        "[[pattern]]\nname = 'row'\nintent = 'diagnostic'\nunder = 'file'\n"
        "regex = '^row (?P<line>\\d+)$'\n"
    )
    assert one(own, "file a.x broken\nrow 3\n") == {"pattern": "row", "path": "a.x", "line": 3}


def test_test_cases_take_the_file_of_a_record(library: Library) -> None:
    found = parse(library, "PASS src/a.test.js\n  ✓ adds (2 ms)\n")
    assert [r.path for r in found if isinstance(r, Record)] == ["src/a.test.js"] * 2


def test_what_nothing_explains_is_a_miss_on_output_and_prose_in_messages(library: Library) -> None:
    text = "I looked at the parser.\n\n"
    (miss,) = parse(library, text)
    assert isinstance(miss, Miss)
    assert (miss.reason, miss.text, miss.offset_bytes) == ("unexplained", text.strip(), 0)
    assert parse(library, text, "message") == []


def test_faults_of_frames_are_misses_everywhere(library: Library) -> None:
    text = f"<<MIS:START>>\n<<MIS:END {NONCE}>>\n<<MIS:START {NONCE}>>\n<<MIS:JSON {NONCE}>>{{\n"
    found = parse(library, text, "message", NONCE)
    assert [m.reason for m in found if isinstance(m, Miss)] == [
        "spoofed_frame", "stray_end", "truncated",
    ]  # fmt: skip


def test_frames_count_in_messages_and_not_in_command_output(library: Library) -> None:
    text = f'<<MIS:START {NONCE}>> task\n<<MIS:JSON {NONCE}>>{{"artifact": "a"}}\n'
    text += f"<<MIS:ERR {NONCE}>> bad\n<<MIS:END {NONCE}>>\n"
    found = [r for r in parse(library, text, "message", NONCE) if isinstance(r, Record)]
    assert [(r.event, r.phase) for r in found] == [
        ("start", "task"), ("json", "task"), ("err", "task"), ("end", "task"),
    ]  # fmt: skip
    assert found[1].artifact == "a"
    assert {r.intent for r in found} == {"frame"}
    echoed = parse(library, text, "stdout", NONCE)
    assert {m.reason for m in echoed if isinstance(m, Miss)} == {"spoofed_frame"}
    assert not [r for r in echoed if isinstance(r, Record)]
    own = StreamParser("stdout", library, nonce=NONCE, own_words=True)
    assert len(own.feed(text.encode())) == 4


def test_a_payload_makes_one_record_though_two_rules_see_it(library: Library) -> None:
    found = parse(library, '<<MIS:JSON>>{"a": 1}<<MIS:END>>\n')
    assert [(r.pattern, r.event) for r in found if isinstance(r, Record)] == [
        ("frame", "json"), ("frame", "end"),
    ]  # fmt: skip


def test_a_refused_payload_comes_in_by_no_other_door(library: Library) -> None:
    found = parse(library, '<<MIS:JSON len=3>>{"a": 1}<<MIS:END>>\n')
    assert [type(x).__name__ for x in found] == ["Miss"]


def test_the_nonce_stays_out_of_misses(library: Library) -> None:
    found = parse(library, f"<<MIS:END {NONCE}>>\n", "message", NONCE)
    found += parse(library, f"<<MIS:END {NONCE}>>\n", "stdout", NONCE)
    assert [m.text for m in found if isinstance(m, Miss)] == ["<<MIS:END>>"] * 2


def test_a_multi_line_pattern_of_a_workspace_reads_blocks(library: Library) -> None:
    own, _ = load_library(
        '[[pattern]]\nname = "steps"\nintent = "event"\nmultiline = true\nreflags = ["m"]\n'
        "regex = '^step (?P<artifact>\\w+)\\nresult (?P<message>\\w+)$'\n"
    )
    text = "step no\nresult no\n<<MIS:START>>\nstep a\nresult ok\nstep b\nresult bad\n<<MIS:END>>\n"
    found = parse(Library((*own.patterns, *library.patterns)), text)
    steps = [r for r in found if isinstance(r, Record) and r.pattern == "steps"]
    assert [(r.artifact, r.message, r.stream_line) for r in steps] == [
        ("a", "ok", 4), ("b", "bad", 6),
    ]  # fmt: skip


def test_a_json_capture_that_is_not_json_is_told(library: Library) -> None:
    (miss,) = parse(library, '{"type":"error" broken}\n')
    assert isinstance(miss, Miss)
    assert miss.reason == "json_error"


def test_a_cut_line_is_told_unless_a_pattern_knows_it(library: Library) -> None:
    found = parse(library, "z" * 70_000 + "\n" + "ERROR: " + "z" * 70_000 + "\n")
    assert [type(x).__name__ for x in found] == ["Miss", "Record"]
    assert isinstance(found[0], Miss)
    assert (found[0].reason, len(found[0].text)) == ("truncated", 2000)


def test_equal_misses_fold(library: Library) -> None:
    misses = [m for m in parse(library, "take 1\ntake 2\nother\n") if isinstance(m, Miss)]
    assert [(m.text, m.count) for m in fold_misses(misses)] == [("take 1", 2), ("other", 1)]


def test_numbers_that_are_none_do_not_become_one(library: Library) -> None:
    assert one(library, f"a.c:{'9' * 30}:1: error: x\n").get("line") is None


@pytest.mark.parametrize("channel", ["stdout", "stderr", "message"])
def test_lines_are_counted_with_what_is_explained(library: Library, channel: StreamChannel) -> None:
    known, other = "a.py:1:2: E501 line too long", "fnord fnord"
    parser = StreamParser(channel, library)
    for byte in f"{known}\n\n   \n{other}\n{known}".encode():
        parser.feed(bytes([byte]))
    assert parser.lines.lines == (0 if channel == "message" else 2)  # the last has no end yet
    parser.close()
    expected = (
        LineCounts()
        if channel == "message"
        else LineCounts(3, 2, 2 * len(known) + len(other), 2 * len(known))
    )
    assert parser.lines == expected
