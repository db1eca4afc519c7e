from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from hypothesis import example, given

from makeitso.protocol.plan import Check
from makeitso.review import marks, render
from makeitso.workspace import changes
from review.changed_trees import Oracle, Tree, budget, tree_pairs

if TYPE_CHECKING:
    from pathlib import Path


@budget(30)
@given(pair=tree_pairs())
@example(pair=({}, {"f": ("100644", b"one\r\r"), "g": ("100644", b"one\r")}))
def test_git_apply_makes_the_proposal_of_the_document(
    world: Oracle, pair: tuple[Tree, Tree]
) -> None:
    """As it stands, comments and states included; links are refused and so not in it."""
    base, proposal = ({k: v for k, v in tree.items() if v[0] != "120000"} for tree in pair)
    base = {k: v for k, v in base.items() if b"\xe9" not in v[1]}
    proposal = {k: v for k, v in proposal.items() if b"\xe9" not in v[1]}
    base = {k: v for k, v in base.items() if _plain(v[1])}
    proposal = {k: v for k, v in proposal.items() if _plain(v[1])}
    change = world.change(base, proposal)
    shown = render.document(
        change, title="T1", summary="All of it.", evidence=("`pytest`: passed",)
    )
    index = world.box.root / ".git" / "apply-index"
    index.unlink(missing_ok=True)
    env = {"GIT_INDEX_FILE": os.fspath(index)}
    world.box.git("read-tree", change.base_tree, env=env)
    if change.files:
        world.box.git(
            "apply", "--cached", "--whitespace=nowarn", stdin=shown.text.encode(), env=env
        )
    assert world.box.git("write-tree", env=env).decode().strip() == change.tree
    lines = shown.text.split("\n")
    for hunk in marks.all_hunks(change):
        first, end = shown.places[hunk.id]
        if hunk.diff.startswith("@@ "):
            assert lines[first].startswith("@@ ")
            assert re.search(rf"\[pending {hunk.id}[];]", lines[first])
            assert lines[first + 1 : end] == hunk.diff.split("\n")[1:-1]
        else:
            assert lines[first].startswith("diff --git ")
            assert any(line.startswith(f"# [pending {hunk.id}") for line in lines[:first])


def _plain(data: bytes) -> bool:
    """No BOM and no lone carriage return: those are shown spelled."""
    inside = data.replace(b"\r\n", b"\n").removesuffix(b"\r")
    return b"\xef\xbb\xbf" not in data and b"\r" not in inside


def test_a_patch_of_some_hunks_counts_its_own_lines(world: Oracle) -> None:
    lines = [b"%d\n" % number for number in range(60)]
    base = b"".join(lines)
    proposal = b"".join([b"a\n", b"b\n", *lines[:30], *lines[32:50], b"c\n", *lines[50:]])
    change = world.change({"f": ("100644", base)}, {"f": ("100644", proposal)})
    (file,) = change.files
    headers = [line for line in render.patch(file, file.hunks[1:]).split("\n") if line[:2] == "@@"]
    assert headers == ["@@ -28,8 +28,6 @@", "@@ -48,6 +46,7 @@"]
    headers = [line for line in render.patch(file, file.hunks).split("\n") if line[:2] == "@@"]
    assert headers == ["@@ -1,3 +1,5 @@", "@@ -28,8 +30,6 @@", "@@ -48,6 +48,7 @@"]


def test_what_a_person_must_see(world: Oracle, tmp_path: Path) -> None:
    base: Tree = {"tests/test_a.py": ("100644", b"assert False\n"), "a.py": ("100644", b"x\n")}
    proposal: Tree = {
        "tests/test_a.py": ("100644", b"assert True\n"),
        "a.py": ("100644", "x\u202e\n".encode()),
        "link": ("120000", b"/etc/passwd"),
        "sub dir/.vscode/tasks.json": ("100755", b"{}\n"),
    }
    change = changes.between(
        world.repo,
        world.tree(base),
        world.tree(proposal),
        run="r1",
        task="T1",
        checks=(Check(command="pytest -q tests/test_a.py"),),
        notes=("Ignored files are not included: out/.",),
    )
    by_path = {file.path: file for file in change.files}
    assert by_path["link"].refused == "it is a symbolic link"
    assert by_path["link"].hunks[0].state == "refused"
    assert "executable" in by_path["sub dir/.vscode/tasks.json"].hunks[0].flags
    assert "proves-task" in by_path["tests/test_a.py"].hunks[0].flags
    assert by_path["a.py"].hunks[0].flags == ("bidi",)
    accepted = by_path["a.py"].hunks[0].id
    change = marks.with_states(change, {accepted: "conflict"}, reasons={accepted: "line moved"})
    shown = render.document(change, title="Fix dates")
    assert shown.text.startswith(
        "# Fix dates\n# 4 files, 4 hunks: 1 conflict, 2 pending, 1 refused\n"
    )
    assert "\n# Ignored files are not included: out/.\n" in shown.text
    assert f"@@ -1 +1 @@ [conflict {accepted}; bidi: line moved]\n-x\n+x\\u{{202e}}\n" in shown.text
    assert "# refused, it cannot land: link: it is a symbolic link\n# diff --git" in shown.text
    assert "\n# +/etc/passwd\n" in shown.text
    assert (
        "# protected, a person decides: tests/test_a.py: the task's own check names it"
        in shown.text
    )
    assert "# look twice: a.py holds characters that reorder the text" in shown.text
    assert "\n+++ b/sub dir/.vscode/tasks.json\t\n" in shown.text


def test_hunks_that_change_how_the_check_runs_say_so_and_their_neighbours_do_not(
    world: Oracle,
) -> None:
    body = [f"x{n} = {n}" for n in range(20)]
    base = "\n".join(["[project]", *body, "[tool.pytest.ini_options]", *body, ""])
    after = base.replace("x1 = 1\n", "x1 = 2\n", 1).replace("x18 = 18\n[tool", "x18 = 0\n[tool")
    after = after[:-1] + "\naddopts = '--co'\n"
    change = changes.between(
        world.repo,
        world.tree({"pyproject.toml": ("100644", base.encode())}),
        world.tree({"pyproject.toml": ("100644", after.encode())}),
        run="r1",
        task="T1",
        checks=(Check(command="pytest -q"),),
    )
    (file,) = change.files
    assert ["proves-task" in hunk.flags for hunk in file.hunks] == [False, True]
    assert file.proves == "`pytest -q` reads `[tool.pytest]` of it"
    shown = render.document(change, title="t").text
    assert f"# look twice: pyproject.toml proves the task: {file.proves}" in shown
