"""The pattern libraries of a workspace for what an editor shows, each read once for its bytes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from makeitso.parsing.library import Library, load_library, overlay
from makeitso.prompts.packaged import packaged_text
from makeitso.workspace.agreed import agreed_text

if TYPE_CHECKING:
    from makeitso.requests.place import Workplace


@lru_cache(maxsize=1)
def packaged() -> Library:
    """The patterns that come with the program."""
    found, _ = load_library(packaged_text("regexes.toml"), origin="packaged")
    return found


def is_packaged(text: str) -> bool:
    """Whether a text is that of the packaged library."""
    return text == packaged_text("regexes.toml")


def own_text(at: Workplace) -> str | None:
    """The workspace's own patterns, where somebody agreed to them."""
    path = at.bridge.root / at.bridge.config.learning.regex_repo
    return agreed_text(path, root=at.bridge.root, state=at.bridge.trust)


@lru_cache(maxsize=4)
def laid_over(own: str | None) -> Library:
    """The packaged patterns with those of a text laid over, as a run reads with them."""
    if own is None:
        return packaged()
    found, _ = load_library(own, origin="workspace")
    return overlay(packaged(), found)
