"""The only place where adapters are built and joined; the rest is what doors do with that."""

from makeitso.wiring.bridge import Bridge
from makeitso.wiring.driving import drive, make_plan, preflight, sandbox, settle

__all__ = ["Bridge", "drive", "make_plan", "preflight", "sandbox", "settle"]
