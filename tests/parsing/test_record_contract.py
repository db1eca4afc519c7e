from __future__ import annotations

import pytest
from pydantic import ValidationError

from makeitso.parsing.records import plain_json
from makeitso.protocol.record import Frame, Miss, Record


def test_the_payload_is_named_json_on_the_wire_and_in_files() -> None:
    record = Record(
        pattern="frame", intent="frame", channel="message", offset_bytes=3, stream_line=2,
        event="json", json={"a": [1, None]},
    )  # fmt: skip
    wire = record.model_dump(by_alias=True, exclude_none=True)
    assert wire["json"] == {"a": [1, None]}
    assert (wire["offsetBytes"], wire["streamLine"]) == (3, 2)
    assert Record.model_validate(wire) == record
    plain = plain_json(record)
    assert plain["json"] == {"a": [1, None]}
    assert plain["stream_line"] == 2
    assert Record.model_validate(plain) == record


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        Miss.model_validate({"channel": "stdout", "reason": "odd", "text": "x"})


@pytest.mark.parametrize("model", [Frame, Record, Miss])
def test_every_field_says_what_it_is(model: type[Frame] | type[Record] | type[Miss]) -> None:
    assert all(field.description for field in model.model_fields.values())
