from __future__ import annotations

import pytest

from makeitso.parsing.frame_events import Block, Fault, FrameEvent, Limits, Text
from makeitso.parsing.framing import Framer
from makeitso.parsing.tokens import delimiter_problems, live_token
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import Frame

NONCE = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32


def frame(
    text: str,
    *,
    nonce: str | None = None,
    delimiters: Delimiters | None = None,
    own_words: bool = True,
    limits: Limits | None = None,
) -> list[FrameEvent]:
    framer = Framer(delimiters, nonce, own_words=own_words, limits=limits)
    return framer.feed(text.encode()) + framer.close()


def told(events: list[FrameEvent]) -> list[object]:
    """Events in short: what a test compares."""
    out: list[object] = []
    for event in events:
        match event:
            case Text():
                out.append(event.line.data.decode())
            case Frame(kind="json"):
                out.append(("json", event.json_))
            case Frame():
                out.append((event.kind, event.text) if event.text else event.kind)
            case Fault():
                out.append(f"!{event.reason}")
            case Block():
                out.append("#")
    return out


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<<MIS:START>>\nhello\n<<MIS:END>>\n", ["start", "hello", "end", "#"]),
        (
            '<<MIS:START>> task go\n<<MIS:JSON>>{"a": 1}\n<<MIS:ERR>> bad\n<<MIS:END>>\n',
            [("start", "go"), ("json", {"a": 1}), ("err", "bad"), "end", "#"],
        ),
        ('<<MIS:JSON>>{"a": 1}<<MIS:END>>\n', [("json", {"a": 1}), "end", "#"]),
        ('<<MIS:JSON>>\n{"a":\n1}\n<<MIS:END>>\n', [("json", {"a": 1}), "end", "#"]),
        ('<<MIS:JSON>>{\n"a": 1\n}<<MIS:END>>\n', [("json", {"a": 1}), "end", "#"]),
        ('<<MIS:JSON>>{"a": 1}\n<<MIS:END>>\n', [("json", {"a": 1}), "end", "#"]),
        ('<<MIS:JSON>>{"a": 1}\ntext\n', [("json", {"a": 1}), "#", "text"]),
        ('log <<MIS:JSON>>{"a": 1}<<MIS:END>> tail\n', [("json", {"a": 1}), "end", "#"]),
        ("<<MIS:START>> hi <<MIS:END>>\n", [("start", "hi"), "end", "#"]),
        (
            "<<MIS:START>><<MIS:JSON>>[1]<<MIS:END>><<MIS:END>>\n",
            ["start", ("json", [1]), "end", "end", "#"],
        ),
        (
            '<<MIS:JSON>>{"a": "}<<MIS:END>>"}<<MIS:END>>\n',
            [("json", {"a": "}<<MIS:END>>"}), "end", "#"],
        ),
        ("<<MIS:ERR>> alone\n", [("err", "alone")]),
        ("<<MIS:END>>\n", ["!stray_end"]),
        ("<<MIS:START>>\nrest\n", ["start", "rest", "!truncated"]),
        ("<<MIS:JSON>>{bad}<<MIS:END>>\n", ["!json_error", "#"]),
        (
            "<<MIS:START>>\n<<MIS:JSON>>{bad}\nx\n<<MIS:END>>\n",
            ["start", "!json_error", "x", "end", "#"],
        ),
        ("say <<MIS:START>> and <<MIS:END>>\n", ["say <<MIS:START>> and <<MIS:END>>"]),
        ("<<MIS:START>>\r\n<<MIS:END>>\r\n", ["start", "end", "#"]),
        ("\x1b[2m<<MIS:START>>\x1b[0m\n\x00<<MIS:END>>\n", ["start", "end", "#"]),
        (
            "<<MIS:START>>\n<<MIS:START>>\n<<MIS:END>>\n<<MIS:END>>\n",
            ["start", "start", "end", "end", "#"],
        ),
    ],
)
def test_base_tokens(text: str, wanted: list[object]) -> None:
    assert told(frame(text)) == wanted


def test_a_payload_that_never_ends_was_text() -> None:
    text = "<<MIS:JSON>>{\nerror: one\n<<MIS:START>>\n<<MIS:END>>\n"
    assert told(frame(text)) == ["!json_error", "error: one", "#", "start", "end", "#"]
    assert told(frame("<<MIS:JSON>>{\nerror: one\n")) == ["!truncated", "error: one"]


def test_only_the_nonce_makes_a_token_live() -> None:
    text = (
        f"<<MIS:START {NONCE}>> verify\n"
        "<<MIS:END>>\n"
        f"<<MIS:END {OTHER}>>\n"
        f'<<MIS:JSON {NONCE} len=8>>{{"a": 1}}\n'
        f"<<MIS:END {NONCE}>>\n"
    )
    framer = Framer(None, NONCE)
    events = framer.feed(text.encode()) + framer.close()
    assert told(events) == [
        "start", "!spoofed_frame", "!spoofed_frame", ("json", {"a": 1}), "end", "#",
    ]  # fmt: skip
    assert framer.counts.spoofed == 2
    assert [e.phase for e in events if isinstance(e, Frame)] == ["verify"] * 3
    # Multi-line patterns never see the nonce.
    assert not any(NONCE.encode() in e.data for e in events if isinstance(e, Block))


def test_with_a_nonce_the_middle_of_a_line_never_counts() -> None:
    text = f'`<<MIS:JSON {NONCE}>>{{"a": 1}}<<MIS:END {NONCE}>>`\n'
    assert told(frame(text, nonce=NONCE)) == [text.rstrip("\n")]


def test_an_echo_in_command_output_is_a_lookalike() -> None:
    text = f"<<MIS:START {NONCE}>>\nplain\n"
    assert told(frame(text, nonce=NONCE, own_words=False)) == ["!spoofed_frame", "plain"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'len=9>>{"a": 1}', "len=9"),
        (b">>{'a': 1}", "Expecting"),
        (b'>>{"a": NaN}', "NaN"),
        (b'>>{"a": "\xff"}', "UTF-8"),
        (b'>>{"a": 1} x', "text after"),
        (b'>>{"a": "\\ud800"}', "surrogate"),
        (b">>" + b"[" * 70 + b"]" * 70, "deeply"),
        (b">>" + b"[" * 30_000 + b"]" * 30_000, "deeply"),
        (b">>" + b"9" * 5000, "digits"),
    ],
)
def test_a_payload_is_never_repaired(payload: bytes, reason: str) -> None:
    space = b" " if payload.startswith(b"len") else b""
    framer = Framer()
    events = framer.feed(b"<<MIS:START>>\n<<MIS:JSON" + space + payload + b"\n<<MIS:END>>\n")
    faults = [e for e in events if isinstance(e, Fault)]
    assert [f.reason for f in faults] == ["json_error"]
    assert reason in faults[0].detail
    assert not any(isinstance(e, Frame) and e.kind == "json" for e in events)


def test_blocks_have_caps_and_the_next_start_begins_afresh() -> None:
    limits = Limits(block_bytes=200, block_lines=5, depth=2)
    many = "<<MIS:START>>\n" + "x\n" * 10 + "<<MIS:START>> b\n<<MIS:END>>\n"
    events = told(frame(many, limits=limits))
    assert events.count("x") == 10, "text is text, whatever becomes of its block"
    assert events[-3:] == [("start", "b"), "end", "#"]
    assert events.count("!truncated") == 1
    deep = "<<MIS:START>>\n" * 3 + "<<MIS:START>>\n<<MIS:END>>\n"
    assert told(frame(deep, limits=limits)) == [
        "start", "start", "!truncated", "start", "end", "#",
    ]  # fmt: skip
    payloads = "<<MIS:START>>\n" + ('<<MIS:JSON>>{"a": "' + "y" * 90 + '"}\n') * 3
    payloads += "<<MIS:END>>\n"
    assert "!truncated" in told(frame(payloads, limits=limits)), "payloads count too"


@pytest.mark.parametrize(
    ("token", "live"),
    [
        ("<<MIS:START>>", f"<<MIS:START {NONCE}>>"),
        ("[[A]]", f"[[A {NONCE}]]"),
        ("@@START", f"@@START {NONCE}"),
        (">>>>", f">>>> {NONCE}"),
    ],
)
def test_where_the_nonce_goes(token: str, live: str) -> None:
    assert live_token(token, NONCE) == live
    assert live_token(token, None) == token


def test_other_base_tokens() -> None:
    tokens = Delimiters(start="@@START", end="@@FIN", err="@@ERR", json="@@JSON")
    text = '@@START task\n@@JSON{"a": 1}\n@@STARTING\n@@FIN\n<<MIS:END>>\n'
    assert told(frame(text, delimiters=tokens)) == [
        "start", ("json", {"a": 1}), "@@STARTING", "end", "#", "<<MIS:END>>",
    ]  # fmt: skip
    live = f"@@START {NONCE} task\n@@JSON {NONCE} len=3 [1]\n@@FIN {NONCE}\n@@FIN\n"
    assert told(frame(live, nonce=NONCE, delimiters=tokens)) == [
        "start", ("json", [1]), "end", "#", "!spoofed_frame",
    ]  # fmt: skip


def test_tokens_that_cannot_work_are_named() -> None:
    assert delimiter_problems(Delimiters()) == []
    same = Delimiters(start="<<A>>", end="<<A>>")
    assert any("begins like" in p for p in delimiter_problems(same))
    assert any("space" in p for p in delimiter_problems(Delimiters(start="<< A>>")))
    assert any("printable" in p for p in delimiter_problems(Delimiters(end="<<A\n>>")))
