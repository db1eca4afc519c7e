"""The only place where adapters are built and joined; the rest is what doors do with that.

Driving runs is loaded when it is first asked for: most verbs only look, and loading the engine
takes them longer than looking does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from makeitso.wiring.bridge import Bridge

if TYPE_CHECKING:
    from makeitso.wiring.driving import (
        LEAVING_S,
        drive,
        left_behind,
        make_plan,
        owner_goes,
        preflight,
        sandbox,
        settle,
    )

__all__ = [
    "LEAVING_S",
    "Bridge",
    "drive",
    "left_behind",
    "make_plan",
    "owner_goes",
    "preflight",
    "sandbox",
    "settle",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("makeitso.wiring.driving"), name)
