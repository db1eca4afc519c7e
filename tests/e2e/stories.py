"""Small repositories, plans and scripts that several end-to-end tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.scripted import Answer, Patch, Rule, Run, Say, Script, always, rules, workflow

if TYPE_CHECKING:
    from makeitso.scripted.script import Item

POEM = "".join(f"line {number}\n" for number in range(1, 41))
CHECK = "sh check.sh"
FILES = {"poem.txt": POEM, "check.sh": "grep -q 'line two' poem.txt\n"}

PLAN = f"""# The poem counts in words

Line 2 of `poem.txt` says "line two".

- [ ] **T1** Spell the second line
  - files: `poem.txt`
  - done when: `{CHECK}` (was: failing)
"""


def change(old: str, new: str, *, path: str = "poem.txt", call: str = "") -> Patch:
    """A call of apply_patch that replaces one line."""
    text = f"*** Begin Patch\n*** Update File: {path}\n@@\n-{old}\n+{new}\n*** End Patch\n"
    return Patch(text, call or f"p-{old}-{new}".replace(" ", "-"))


def add(path: str, text: str) -> Patch:
    """A call of apply_patch that adds a file."""
    lines = "".join(f"+{line}\n" for line in text.splitlines())
    return Patch(f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n", f"add-{path}")


def work(*items: Item, last: str = "Line 2 is spelled out.") -> Script:
    """A worker that makes calls one after the other and then says that it is done."""
    return workflow(
        *(Answer(items=(item,)) for item in items), Answer(items=(Say(last, phase="final_answer"),))
    )


def spell() -> Script:
    """The worker of PLAN."""
    return work(change("line 2", "line two"))


def by_task(**scripts: Script) -> Script:
    """A worker for each task, known by a word of the task's title."""

    def worked(word: str) -> Rule:
        return Rule(
            when=lambda view: any(word in text for text in view.user_texts), answer=scripts[word]
        )

    return rules(*(worked(word) for word in scripts))


def sleeping(seconds: str) -> Script:
    """A worker that runs a long command first; `seconds` names it uniquely."""
    return workflow(
        Answer(items=(Say("I wait a little."), Run(f"sleep {seconds}", "nap"))),
        Answer(items=(change("line 2", "line two"),)),
        Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),)),
    )


def never() -> Script:
    """A model nobody may ask."""
    return rules(Rule(when=lambda view: False, answer=Answer()), Rule(when=always, answer=Answer()))
