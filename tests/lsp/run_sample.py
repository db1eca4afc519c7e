"""A repository with a failing test, and a scripted model that plans and mends it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from lsp_client import Place, make_place

from makeitso.scripted import Answer, Patch, RequestView, Run, Say, Script, workflow

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-test-scripted"
CHECK = "python3 -m unittest -q"
CODE = '''"""Numbers in words 𝄞."""


def one():
    return "uno"  # é𝄞 wrong


def two():
    return "two"


def gap_1():
    return 1


def gap_2():
    return 2


def three():
    return "tres"  # é𝄞 wrong
'''
TEST = """import unittest

import words


class Words(unittest.TestCase):
    def test_one(self):
        self.assertEqual(words.one(), "one")


if __name__ == "__main__":
    unittest.main()
"""
PATCH = """*** Begin Patch
*** Update File: words.py
@@
 def one():
-    return "uno"  # é𝄞 wrong
+    return "one"
@@
 def three():
-    return "tres"  # é𝄞 wrong
+    return "three"
*** Update File: README.md
@@
 # Words
+
+In English.
*** End Patch
"""
GOAL = "Words are English"
PLAN = {
    "title": GOAL,
    "goal": "words.py speaks English; its tests pass.",
    "tasks": [
        {
            "id": "T1",
            "title": "Translate words.py",
            "goal": "Say it in English.",
            "files": ["words.py", "README.md"],
            "checks": [CHECK],
            "after": [],
        }
    ],
}
TEXT = f"""# {GOAL}

{PLAN["goal"]}

- [ ] **T1** Translate words.py
  - files: `words.py`, `README.md`
  - done when: `{CHECK}`
"""
"""The same plan as a document."""
JUDGEMENT = {"verdict": "done", "instructions": "", "note": "It is English now.", "wait_s": 0}

_WORK = workflow(
    Answer(items=(Say("I mend it."), Patch(PATCH, "patch"))),
    Answer(items=(Run(CHECK, "green"),)),
    Answer(items=(Say("All is English. Nothing else was changed.", phase="final_answer"),)),
)


def manage(view: RequestView) -> Answer | None:
    """The manager's answers; None when the worker is asked."""
    if view.schema_name is None:
        return None
    judges = "verdict" in json.dumps(view.schema) if view.schema else False
    return Answer(items=(Say(json.dumps(JUDGEMENT if judges else PLAN), phase="final_answer"),))


def script(view: RequestView) -> Answer:
    """Plan, mend, judge."""
    return manage(view) or _WORK(view)


def hanging(view: RequestView) -> Answer:
    """Plan, then work for ever."""
    return manage(view) or Answer(items=(Say("I think."),), hang_s=120)


def sample(base: Path, base_url: str) -> Place:
    """The repository, and a person whose settings name the scripted model."""
    place = make_place(base, CODEX_API_KEY=KEY, GIT_CONFIG_NOSYSTEM="1")
    place.file("words.py", CODE)
    place.file("test_words.py", TEST)
    place.file("README.md", "# Words\n")
    place.file(".gitignore", "__pycache__/\n")
    for command in (
        ("git", "add", "-A"),
        ("git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "one"),
    ):
        subprocess.run(command, cwd=place.root, check=True, env=place.env)
    config = place.home / "config/makeitso/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        f'[workers.codex]\nmodel = "gpt-5.5"\nbase_url = "{base_url}"\n'
        '[policies]\nnetwork = "never"\n'
    )
    return place


__all__ = ["CHECK", "CODE", "GOAL", "KEY", "TEXT", "Script", "hanging", "sample", "script"]
