"""The structure of plans and review documents: symbols and folding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.protocol.counts import counted
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.lsp.documents import Document
    from makeitso.lsp.plan_view import PlanView
    from makeitso.lsp.review_view import FilePlace, ReviewView


def plan_symbols(view: PlanView, document: Document) -> list[types.DocumentSymbol]:
    """The plan with its tasks."""
    index = document.index
    tasks = [
        types.DocumentSymbol(
            name=f"{task.id} {task.title}".strip(),
            kind=types.SymbolKind.Method,
            range=index.range(task.block),
            selection_range=index.range(task.id_span or task.line),
            detail=state.state if (state := view.task(task.id)) else None,
        )
        for task in view.outline.tasks
    ]
    return [
        types.DocumentSymbol(
            name=view.read.plan.title or "plan",
            kind=types.SymbolKind.Class,
            range=index.whole(),
            selection_range=index.range(view.head),
            detail=view.run.state if view.run else None,
            children=tasks,
        )
    ]


def review_symbols(view: ReviewView, document: Document) -> list[types.DocumentSymbol]:
    """The files with their hunks."""
    index = document.index
    return [
        types.DocumentSymbol(
            name=file.title or "file",
            detail=_counts(file),
            kind=types.SymbolKind.File,
            range=index.range(_lines(file.span.line, file.last)),
            selection_range=index.range(file.span),
            children=[
                types.DocumentSymbol(
                    name=f"{hunk.state} {hunk.id}",
                    detail=", ".join(hunk.section.flags) if hunk.section else None,
                    kind=types.SymbolKind.Event,
                    range=index.range(_lines(hunk.span.line, hunk.last)),
                    selection_range=index.range(hunk.span),
                )
                for hunk in file.hunks
            ],
        )
        for file in view.files
    ]


def _counts(file: FilePlace) -> str:
    counts = Counter(hunk.state for hunk in file.hunks)
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def flat(
    symbols: Iterable[types.DocumentSymbol], uri: str, parent: str | None = None
) -> list[types.SymbolInformation]:
    """The same for clients that know no tree."""
    found: list[types.SymbolInformation] = []
    for symbol in symbols:
        found.append(
            types.SymbolInformation(
                location=types.Location(uri=uri, range=symbol.range),
                name=symbol.name,
                kind=symbol.kind,
                container_name=parent,
            )
        )
        found += flat(symbol.children or [], uri, symbol.name)
    return found


def plan_folds(view: PlanView) -> list[types.FoldingRange]:
    """Tasks and settings."""
    blocks = [task.block for task in view.outline.tasks]
    if view.outline.settings is not None:
        blocks.append(view.outline.settings)
    return [fold for block in blocks for fold in _fold(block.line, block.end_line)]


def review_folds(view: ReviewView, *, collapsed_text: bool) -> list[types.FoldingRange]:
    """What stands above the files, files, and hunks; those few people read fold as `imports`.

    That is the one kind editors offer to fold when a document is opened.
    """
    folds = _fold(0, view.head - 1)
    for file in view.files:
        why = [hunk.folded for hunk in file.hunks]
        text = f"{file.title}: {why[0]}, {counted(len(why), 'hunk')}" if why and all(why) else ""
        folds += _fold(file.span.line, file.last, text, shown=collapsed_text)
        for hunk in file.hunks:
            if hunk.span != file.span:
                text = f"{hunk.folded}, {hunk.state} {hunk.id}" if hunk.folded else ""
                folds += _fold(hunk.span.line, hunk.last, text, shown=collapsed_text)
    return folds


def _fold(
    first: int, last: int, folded: str = "", *, shown: bool = False
) -> list[types.FoldingRange]:
    if last <= first:
        return []
    return [
        types.FoldingRange(
            start_line=first,
            end_line=last,
            kind=types.FoldingRangeKind.Imports if folded else None,
            collapsed_text=folded if folded and shown else None,
        )
    ]


def _lines(first: int, last: int) -> Span:
    """From the start of a line to the end of another; the end is clipped to the text."""
    return Span(line=first, column=0, end_line=last + 1, end_column=0)
