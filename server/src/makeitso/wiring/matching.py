"""What matches lines of output in this process, by the settings; results do not depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.parsing import fast
from makeitso.store.compiled import CompiledPatterns
from makeitso.workspace.paths import user_cache

if TYPE_CHECKING:
    from makeitso.protocol.config import Config


def choose_matching(config: Config) -> None:
    """Engines made from now on match as `[learning] engine` says, if that is installed."""
    wanted = config.learning.engine == "hyperscan"
    fast.switch_on(CompiledPatterns(user_cache() / "patterns") if wanted else None)
