from __future__ import annotations

from redaction_samples import KEY

from makeitso.parsing.library import load_library
from makeitso.parsing.stream import StreamParser
from makeitso.policy.redact_records import redact_item
from makeitso.policy.redaction import Redactor
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Record


def test_a_value_broken_by_colours_does_not_come_back_in_a_record() -> None:
    redactor = Redactor(KEY)
    redactor.register("TOKEN", "correct-horse-battery")
    raw = "error: denied for correct-\x1b[1mhorse\x1b[0m-battery\n"
    raw += "nothing knows \x1b[1mcorrect-horse\x1b[0m-battery\n"
    raw += '<<MIS:JSON>>{"key": ["correct-\x1b[1mhorse-battery"]}<<MIS:END>>\n'
    stream = redactor.stream()
    parser = StreamParser("stdout", load_library(packaged_text("regexes.toml"))[0])
    found = parser.feed(stream.feed(raw.encode()) + stream.close()) + parser.close()
    assert "correct-horse-battery" in str(found), "the hole that this closes"
    clean = [redact_item(item, redactor=redactor) for item in found]
    assert "horse" not in str(clean)
    assert [type(item) for item in clean] == [type(item) for item in found]
    first = clean[0]
    assert isinstance(first, Record)
    assert str(first.message).startswith("denied for [REDACTED:TOKEN:")
    assert (first.pattern, first.stream_line) == ("severity_head", 1)


def test_what_holds_no_secret_is_the_same_object() -> None:
    record = Record(pattern="p", intent="x", channel="stdout", offset_bytes=0, stream_line=1)
    assert redact_item(record, redactor=Redactor(KEY)) is record
