"""What the client said about itself at `initialize`, as the few facts the features ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from makeitso.lsp.documents import path_of

if TYPE_CHECKING:
    from lsprotocol import types

HunkProblems = Literal["off", "hint", "information"]


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client. The defaults are those of one that can do nothing."""

    name: str = "an editor"
    roots: tuple[Path, ...] = ()
    """Workspace folders; the first one is the workspace."""
    document_changes: bool = False
    lens_refresh: bool = False
    progress: bool = False
    symbol_tree: bool = False
    shows_documents: bool = False
    collapsed_text: bool = False
    """It shows a text of ours for what is folded."""
    asks: bool = False
    """It wants approvals as questions: `initializationOptions {"ask": true}`."""
    wants_output: bool = False
    """It wants live text of every run: `initializationOptions {"output": true}`."""
    problems: HunkProblems = "hint"
    """How hunks that wait are shown on real files: `initializationOptions {"review":
    {"problems": "off" | "hint" | "information"}}`. Editors leave hints out of lists of problems."""


def client_of(params: types.InitializeParams) -> Client:
    """Read what `initialize` says; unknown or odd options count as absent."""
    capabilities = params.capabilities
    workspace, window = capabilities.workspace, capabilities.window
    edit = workspace.workspace_edit if workspace else None
    lens = workspace.code_lens if workspace else None
    text = capabilities.text_document
    symbols = text.document_symbol if text else None
    folds = text.folding_range.folding_range if text and text.folding_range else None
    shown = window.show_document if window else None
    uris = [folder.uri for folder in params.workspace_folders or ()]
    if not uris and params.root_uri:
        uris = [params.root_uri]
    roots = [path for uri in uris if (path := path_of(uri)) is not None]
    if not roots and params.root_path:
        roots = [Path(params.root_path)]
    options: Any = params.initialization_options
    said = cast("dict[str, object]", options) if isinstance(options, dict) else {}
    return Client(
        name=params.client_info.name if params.client_info else "an editor",
        roots=tuple(roots),
        document_changes=bool(edit and edit.document_changes),
        lens_refresh=bool(lens and lens.refresh_support),
        progress=bool(window and window.work_done_progress),
        symbol_tree=bool(symbols and symbols.hierarchical_document_symbol_support),
        shows_documents=bool(shown and shown.support),
        collapsed_text=bool(folds and folds.collapsed_text),
        asks=said.get("ask") is True,
        wants_output=said.get("output") is True,
        problems=_problems(said.get("review")),
    )


def _problems(option: object) -> HunkProblems:
    wanted = cast("dict[str, object]", option).get("problems") if isinstance(option, dict) else None
    for known in get_args(HunkProblems):
        if wanted == known:
            return known
    return "hint"
