"""A scripted Responses API server: stands for a model in `mis demo` and in the tests.

It says of itself that it is scripted, in its ids, its server header and on its `/` page. It answers
from what a request contains, never by counting requests: retries and resumed threads shift counts.
Standard library only; it listens on 127.0.0.1 and calls nobody.
"""

from makeitso.scripted.script import (
    Answer,
    Call,
    Patch,
    Rule,
    Run,
    Say,
    Script,
    Think,
    Tokens,
    always,
    called,
    rules,
    said,
    wants_schema,
    workflow,
)
from makeitso.scripted.server import Recorded, ScriptedServer, serve
from makeitso.scripted.view import RequestView, ToolCall

__all__ = [
    "Answer",
    "Call",
    "Patch",
    "Recorded",
    "RequestView",
    "Rule",
    "Run",
    "Say",
    "Script",
    "ScriptedServer",
    "Think",
    "Tokens",
    "ToolCall",
    "always",
    "called",
    "rules",
    "said",
    "serve",
    "wants_schema",
    "workflow",
]
