"""Actions as code lenses, and their twins as code actions; fixes of problems beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.lsp.actions import MISS, PROPOSAL, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.lsp.actions import Action
    from makeitso.lsp.documents import Document
    from makeitso.protocol.text import Problem


MAX_LENSES = 3500
"""More stall editors; what they leave out is reached by code actions."""


def lenses(actions: Iterable[Action], document: Document) -> list[types.CodeLens]:
    """A lens for each action, up to a number that editors bear."""
    return [
        types.CodeLens(range=document.index.range(action.span), command=_command(action))
        for action in itertools.islice(actions, MAX_LENSES)
    ]


def twins(
    actions: Iterable[Action], document: Document, wanted: types.CodeActionParams
) -> list[types.CodeAction]:
    """The actions offered on the lines asked about, with the titles of their lenses."""
    first, _ = document.index.place(wanted.range.start)
    last, _ = document.index.place(wanted.range.end)
    found: list[types.CodeAction] = []
    for action in actions:
        if action.last < first or action.first > last:
            continue
        kind = types.CodeActionKind.QuickFix if action.answers else types.CodeActionKind.Empty
        if not _is_wanted(kind, wanted.context.only):
            continue
        answered = [
            diagnostic
            for diagnostic in wanted.context.diagnostics
            if _answers(action, diagnostic, document)
        ]
        found.append(
            types.CodeAction(
                title=action.title,
                kind=kind,
                command=_command(action),
                diagnostics=answered or None,
            )
        )
    return found


def _answers(action: Action, diagnostic: types.Diagnostic, document: Document) -> bool:
    """Whether an action answers the question a diagnostic puts."""
    if action.answers.startswith(MISS):
        line, _ = document.index.place(diagnostic.range.start)
        said = str(diagnostic.code).startswith("miss-")
        return said and action.answers == f"{MISS}{line}"
    if action.answers.startswith(PROPOSAL):
        named = f"Proposal {action.answers.removeprefix(PROPOSAL)} waits"
        return str(diagnostic.message).startswith(named)
    if action.answers == TRUST:
        return diagnostic.code == "workspace-untrusted"
    if diagnostic.code in ("hunk-waits", "hunk-in-conflict"):
        return bool(action.answers) and f"Hunk {action.answers} " in str(diagnostic.message)
    asks = diagnostic.code == "awaiting-approval"
    return bool(action.answers) and asks and f"({action.answers}," in str(diagnostic.message)


def fixes(
    problems: Iterable[Problem],
    document: Document,
    wanted: types.CodeActionParams,
    *,
    versioned: bool,
) -> list[types.CodeAction]:
    """The ways out of the problems on the lines asked about."""
    if not _is_wanted(types.CodeActionKind.QuickFix, wanted.context.only):
        return []
    first, _ = document.index.place(wanted.range.start)
    last, _ = document.index.place(wanted.range.end)
    found: list[types.CodeAction] = []
    for problem in problems:
        if problem.span.end_line < first or problem.span.line > last:
            continue
        answered = [
            diagnostic
            for diagnostic in wanted.context.diagnostics
            if diagnostic.code == problem.code
            and diagnostic.range == document.index.range(problem.span)
        ]
        for number, fix in enumerate(problem.fixes):
            edit = types.TextEdit(range=document.index.range(fix.span), new_text=fix.new_text)
            found.append(
                types.CodeAction(
                    title=fix.title,
                    kind=types.CodeActionKind.QuickFix,
                    edit=_edit(document, edit, versioned=versioned),
                    diagnostics=answered or None,
                    is_preferred=number == 0,
                )
            )
    return found


def _edit(document: Document, edit: types.TextEdit, *, versioned: bool) -> types.WorkspaceEdit:
    if not versioned:
        return types.WorkspaceEdit(changes={document.uri: [edit]})
    name = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=name, edits=[edit])]
    )


def _command(action: Action) -> types.Command:
    return types.Command(
        title=action.title, command=action.command, arguments=[dict(action.params)]
    )


def _is_wanted(
    kind: types.CodeActionKind, only: Sequence[types.CodeActionKind | str] | None
) -> bool:
    """Whether a client that asked for some kinds only wants this one; `` stands for all."""
    if not only:
        return True
    name = kind.value
    wanted = [one.value if isinstance(one, types.CodeActionKind) else one for one in only]
    return any(not one or name == one or name.startswith(f"{one}.") for one in wanted)
