"""Strict schemas: every field required, nothing else allowed, only keywords all endpoints know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, Field

from makeitso.managers import schema
from makeitso.protocol.plan import Judgement, ManagerKind, PlanDraft

if TYPE_CHECKING:
    from collections.abc import Iterator


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    return dict(schema.strict_schema(model))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for one in node.get("properties", {}).values():
        yield from nodes(one)
    for one in node.get("anyOf", []):
        yield from nodes(one)
    if "items" in node:
        yield from nodes(node["items"])


@pytest.mark.parametrize("model", [PlanDraft, Judgement])
def test_the_schemas_we_send_are_strict(model: type[BaseModel]) -> None:
    for node in nodes(strict_schema(model)):
        allowed = {"type", "description", "enum", "const", "properties", "required", "items"}
        assert node.keys() <= allowed | {"additionalProperties", "anyOf"}
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])


def test_field_names_are_those_of_the_contract() -> None:
    assert list(strict_schema(Judgement)["properties"]) == [
        "verdict",
        "instructions",
        "note",
        "wait_s",
        "wait_until",
        "wait_command",
    ]


def test_optional_fields_become_required_and_nullable() -> None:
    class Part(BaseModel):
        """A part."""

        name: str = Field(default="x", min_length=1, description="Its name.")

    class Whole(BaseModel):
        part: Part | None = None
        kind: Literal["a", "b"] = "a"

    whole = strict_schema(Whole)
    assert whole["required"] == ["part", "kind"]
    assert whole["properties"] == {
        "part": {
            "anyOf": [
                {
                    "type": "object",
                    "description": "A part.",
                    "properties": {"name": {"type": "string", "description": "Its name."}},
                    "required": ["name"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        },
        "kind": {"enum": ["a", "b"], "type": "string"},
    }


def test_a_tagged_union_is_a_choice() -> None:
    class Holder(BaseModel):
        kind: ManagerKind

    choice = strict_schema(Holder)["properties"]["kind"]
    assert [one["properties"]["kind"]["const"] for one in choice["anyOf"]] == [
        "codex",
        "api",
        "none",
    ]


class Node(BaseModel):
    below: list[Node]


class OpenMapping(BaseModel):
    values: dict[str, int]


class Positions(BaseModel):
    pair: tuple[int, str]


class Anything(BaseModel):
    value: Any


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Node, "contains itself"),
        (OpenMapping, "open mapping"),
        (Positions, "prefixItems"),
        (Anything, "any type"),
    ],
)
def test_what_a_strict_schema_cannot_say_is_refused(model: type[BaseModel], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        strict_schema(model)
