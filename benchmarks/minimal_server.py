"""The least language server pygls can be; what ours is measured against."""

from __future__ import annotations

from pygls.lsp.server import LanguageServer

if __name__ == "__main__":
    LanguageServer("minimal", "1").start_io()
