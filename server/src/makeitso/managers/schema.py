"""A pydantic model as the strict JSON Schema that structured output takes.

Strict means: every object lists all its properties as required and allows no others, nothing is a
reference, and only keywords that every endpoint knows remain. What the schema cannot say (patterns,
lengths, ranges) is checked when the answer comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pydantic import BaseModel

Json = dict[str, object]

_KEPT = frozenset({"type", "description", "enum", "const"})
_DROPPED = frozenset(
    {"title", "default", "examples", "format", "pattern", "additionalProperties", "required"}
    | {"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "multipleOf"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
)


def strict_schema(model: type[BaseModel]) -> Json:
    """The schema of `model`, by field names in snake_case.

    Raises:
        ValueError: the model holds what a strict schema cannot say: an open mapping, a tuple of
            positions, a value of any type, a type that contains itself.
    """
    whole = cast("Json", model.model_json_schema(by_alias=False))
    definitions = cast("dict[str, Json]", whole.pop("$defs", {}))
    return _strict(whole, definitions, inside=())


def _strict(schema: Json, definitions: dict[str, Json], *, inside: tuple[str, ...]) -> Json:
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name in inside:
            raise ValueError(f"{name} contains itself")
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _strict({**definitions[name], **beside}, definitions, inside=(*inside, name))
    result: Json = {key: value for key, value in schema.items() if key in _KEPT}
    for key in sorted(schema.keys() - _KEPT - _DROPPED):
        if key == "properties":
            result[key] = {
                name: _strict(value, definitions, inside=inside)
                for name, value in cast("dict[str, Json]", schema[key]).items()
            }
        elif key == "items":
            result[key] = _strict(cast("Json", schema[key]), definitions, inside=inside)
        elif key in ("anyOf", "oneOf"):
            options = cast("list[Json]", schema[key])
            result["anyOf"] = [_strict(one, definitions, inside=inside) for one in options]
        elif key != "discriminator":  # each option's constant says which it is
            raise ValueError(f"a strict schema cannot say {key}")
    if result.get("type") == "object":
        if "properties" not in result:
            raise ValueError("a strict schema cannot say an open mapping")
        result["required"] = list(cast("Json", result["properties"]))
        result["additionalProperties"] = False
    elif not result.keys() & {"type", "anyOf", "enum", "const"}:
        raise ValueError("a strict schema cannot say a value of any type")
    return result
