"""The box of a landed task in a plan that is open: through the editor, so that its undo works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError
from makeitso.landing.editor import FileEdit, TextEdit
from makeitso.plans.edit import set_done
from makeitso.plans.syntax import parse

if TYPE_CHECKING:
    from makeitso.wiring import Bridge


async def tick_in_editor(
    bridge: Bridge, plan_path: str | None, task_id: str, *, done: bool
) -> None:
    """Tick the box, or open it again, if the plan is open here.

    When the editor refuses, a diagnostic says so.
    """
    opened = bridge.editor.open_document(plan_path) if plan_path else None
    if opened is None or plan_path is None:
        return
    try:
        edit = set_done(parse(opened.text), task_id, done=done)
    except NotFoundError:
        return  # the person took the task out of the plan
    if edit is None:
        return
    change = FileEdit(
        path=plan_path, version=opened.version, edits=(TextEdit(edit.span, edit.new_text),)
    )
    word = "is done" if done else "was taken back"
    await bridge.editor.apply([change], label=f"{task_id} {word}")
