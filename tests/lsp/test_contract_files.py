"""The generated contract is what the models say, and the table holds together."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import generate

from makeitso.protocol import export
from makeitso.protocol.methods import BY_COMMAND, BY_NAME, METHODS, NOTIFICATIONS
from makeitso.requests import dispatch

if TYPE_CHECKING:
    import pytest


def test_generated_files_are_fresh() -> None:
    assert generate.stale() == [], "run scripts/generate.py"


def test_line_ends_do_not_make_a_file_stale(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "PROTOCOL", tmp_path)
    for path, text in export.exported().items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.replace("\n", "\r\n").encode())
    assert generate.stale() == []
    (tmp_path / "methods.md").write_text("other")
    assert generate.stale() == ["methods.md"]


def test_every_method_has_an_answer_and_a_command() -> None:
    dispatch.check_table()
    assert len(BY_NAME) == len(METHODS) == len(BY_COMMAND)
    for method in METHODS:
        assert method.command == method.name.replace("/", ".")
        assert len(method.name.split("/")) == 3


def test_every_field_of_every_message_says_what_it_is() -> None:
    for method in METHODS:
        for model in (method.params, method.result):
            assert model.__doc__, model
            for name, field in model.model_fields.items():
                assert field.description, f"{model.__name__}.{name}"
    for notification in NOTIFICATIONS:
        for name, field in notification.params.model_fields.items():
            assert field.description, f"{notification.name}: {name}"


def test_the_schema_holds_every_message_and_leaves_nothing_out_of_results() -> None:
    schema = export.messages_schema()
    table = export.methods_table()
    definitions: dict[str, Any] = schema["$defs"]
    for entry in table["methods"].values():
        assert entry["params"] in definitions
        result = definitions[entry["result"]]
        assert set(result.get("required", [])) == set(result.get("properties", {}))
    for entry in table["notifications"].values():
        assert entry["params"] in definitions
    dangling = [
        reference
        for reference in _references(schema)
        if reference.removeprefix("#/$defs/") not in definitions
    ]
    assert not dangling


def _references(value: object) -> list[str]:
    return re.findall(r'"\$ref": "([^"]+)"', json.dumps(value))


def test_the_page_names_every_method_event_and_error() -> None:
    page = export.methods_page()
    for method in METHODS:
        assert f"`{method.name}`" in page
    kinds = {
        entry["properties"]["type"]["const"]
        for name, entry in export.messages_schema()["$defs"].items()
        if "const" in entry.get("properties", {}).get("type", {}) and name != "Event"
    }
    assert len(kinds) > 30
    for kind in kinds:
        assert f"### `{kind}`" in page
    assert "| -32602 | UsageError |" in page


def test_export_is_the_same_each_time() -> None:
    assert json.dumps(export.exported()) == json.dumps(export.exported())
