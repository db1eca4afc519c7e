"""makeitso: state a goal, agents work in isolation, a person decides hunk by hunk."""

__version__ = "0.1.0"
