"""The contract as text for others: JSON Schema, the table of methods, and its documentation.

Pure: from the models to file contents. One script writes them; a test says when they are stale.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any, cast, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from makeitso import errors
from makeitso.protocol.config import Config
from makeitso.protocol.events import Event, EventData
from makeitso.protocol.methods import METHODS, NOTIFICATIONS
from makeitso.protocol.proposal import Proposal
from makeitso.protocol.telemetry import TelemetryLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo
    from pydantic_core import core_schema

_Key = tuple[type[BaseModel], JsonSchemaMode]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """No title for each field, and what we send is never left out, also when it has a default."""

    def field_title_should_be_set(self, schema: object) -> bool:
        del schema
        return False

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: FBT001 -- pydantic's signature
    ) -> bool:
        if self.mode == "serialization":
            return True
        return super().field_is_required(field, total)


def exported() -> dict[str, str]:
    """Every generated file: text by path relative to `protocol/`, lines ended by LF."""
    return {
        "schema/messages.schema.json": _json(messages_schema()),
        "schema/config.schema.json": _json(config_schema()),
        "schema/telemetry.schema.json": _json(telemetry_schema()),
        "schema/proposal.schema.json": _json(proposal_schema()),
        "schema/methods.json": _json(methods_table()),
        "methods.md": methods_page(),
    }


def messages_schema() -> dict[str, Any]:
    """One schema whose `$defs` hold every message, as we take it or as we send it."""
    _, schema = _messages("#/$defs/{model}")
    return {"$schema": _DIALECT, "title": "makeitso messages", "type": "object", **schema}


def _messages(template: str) -> tuple[dict[_Key, dict[str, Any]], dict[str, Any]]:
    """A reference for each message in each mode, and the schema they point into."""
    wanted: list[_Key] = [(Event, "serialization")]
    for method in METHODS:
        wanted.append((method.params, "validation"))
        wanted.append((method.result, "serialization"))
    for notification in NOTIFICATIONS:
        wanted.append((notification.params, "serialization"))  # noqa: PERF401 -- as above
    found, schema = models_json_schema(
        list(dict.fromkeys(wanted)), schema_generator=_Schema, ref_template=template
    )
    return cast("dict[_Key, dict[str, Any]]", found), schema


def config_schema() -> dict[str, Any]:
    """The schema of `config.toml`, for editors that complete and check TOML."""
    schema = TypeAdapter(Config).json_schema(schema_generator=_Schema)
    schema["properties"]["profiles"] = {
        "type": "object",
        "description": "Values by profile name, laid over the others by `--profile NAME`.",
        "additionalProperties": {"type": "object"},
    }
    return {"$schema": _DIALECT, **schema, "title": "makeitso config.toml"}


def proposal_schema() -> dict[str, Any]:
    """The schema of a proposal file: TOML with names in snake_case."""
    schema = Proposal.model_json_schema(by_alias=False, schema_generator=_Schema)
    return {"$schema": _DIALECT, **schema, "title": "a proposal of makeitso"}


def telemetry_schema() -> dict[str, Any]:
    """The schema of one line of `telemetry.jsonl`: names in snake_case, nothing left out."""
    lines: TypeAdapter[TelemetryLine] = TypeAdapter(TelemetryLine)
    schema = lines.json_schema(mode="serialization", schema_generator=_Schema, by_alias=False)
    return {"$schema": _DIALECT, **schema, "title": "a line of telemetry.jsonl"}


def methods_table() -> dict[str, Any]:
    """Method and notification names with the names of their messages in the schema."""
    found, _ = _messages("{model}")
    names = {key: str(reference["$ref"]) for key, reference in found.items()}
    return {
        "methods": {
            method.name: {
                "command": method.command,
                "params": names[method.params, "validation"],
                "result": names[method.result, "serialization"],
                "needsTrust": method.needs_trust,
                "available": not method.not_yet,
            }
            for method in METHODS
        },
        "notifications": {
            notification.name: {"params": names[notification.params, "serialization"]}
            for notification in NOTIFICATIONS
        },
    }


def methods_page() -> str:
    """`methods.md`: the table, each message's fields, the events, the error codes."""
    return "\n".join([*_head(), *_methods(), *_notifications(), *_events(), *_errors()]) + "\n"


def _head() -> Iterator[str]:
    yield "<!-- Generated by scripts/generate.py from makeitso.protocol; do not edit. -->"
    yield "# Requests, notifications, events, errors"
    yield ""
    yield (
        "Every request is also a command of `workspace/executeCommand`; its one argument is the "
        "params object. Fields are camelCase on this wire and snake_case in files and in the "
        "output of `mis … --json`. Unknown fields are refused. A result never leaves a field out; "
        "in params a field with a default may be. Times are Unix milliseconds."
    )
    yield ""


def _methods() -> Iterator[str]:
    yield "| request | command | params | result | needs trust | answered |"
    yield "|---|---|---|---|---|---|"
    for method in METHODS:
        yield (
            f"| `{method.name}` | `{method.command}` | {method.params.__name__} "
            f"| {method.result.__name__} | {'yes' if method.needs_trust else ''} "
            f"| {'not yet' if method.not_yet else 'yes'} |"
        )
    yield ""
    shown: set[type[BaseModel]] = set()
    for method in METHODS:
        for model in (method.params, method.result):
            if model not in shown:
                shown.add(model)
                yield from _model(model)


def _notifications() -> Iterator[str]:
    yield "## Notifications"
    yield ""
    for notification in NOTIFICATIONS:
        yield from _model(notification.params, title=f"`{notification.name}`")


def _events() -> Iterator[str]:
    yield "## Events"
    yield ""
    yield "The journal is a list of these; every state is a fold over it."
    yield ""
    yield from _model(Event)
    union, *_ = get_args(EventData)
    for model in get_args(union):
        yield from _model(model, title=f"`{model.model_fields['type'].default}`", skip=("type",))


def _errors() -> Iterator[str]:
    yield "## Errors"
    yield ""
    yield (
        "`error.data` of an error of ours is `{hint, retryable, facts}`; of bad params (-32602) it "
        "is a list of `{path, message}`."
    )
    yield ""
    yield "| code | name | try again | what |"
    yield "|---|---|---|---|"
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.MisError)
    ]
    for kind in sorted(kinds, key=lambda kind: -kind.code):
        yield (
            f"| {kind.code} | {kind.__name__} | {'yes' if kind.retryable else ''} "
            f"| {_first_line(kind)} |"
        )


def _model(model: type[BaseModel], *, title: str = "", skip: tuple[str, ...] = ()) -> Iterator[str]:
    yield f"### {title or model.__name__}"
    yield ""
    yield _first_line(model)
    yield ""
    fields = {name: field for name, field in model.model_fields.items() if name not in skip}
    if not fields:
        return
    yield "| field | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        kind = _kind(field.annotation).replace("|", "\\|")
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{field.alias or name}` | {kind} | {_default(field)} | {meaning} |"
    yield ""


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n", maxsplit=1)[0].replace("\n", " ")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "`{}`"
    return f"`{json.dumps(value)}`"


def _kind(annotation: Any) -> str:  # noqa: ANN401 -- any type there is
    """A type in words: `string`, `list of Hunk`, `Task or null`."""
    parameters = get_args(annotation)
    plain = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    origin = getattr(annotation, "__origin__", None)
    if annotation in plain:
        return plain[annotation]
    if origin in (tuple, list):
        return f"list of {_kind(parameters[0])}"
    if origin is dict:
        return f"map of {_kind(parameters[1])}"
    if hasattr(annotation, "__metadata__"):
        return _kind(annotation.__origin__)
    if origin is None and not parameters:
        return getattr(annotation, "__name__", "JSON")
    if all(isinstance(parameter, str) for parameter in parameters):
        return " | ".join(f"`{parameter}`" for parameter in parameters)
    return " or ".join(_kind(parameter) for parameter in parameters)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
