from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from landing import landing_crasher
from landing.landing_crasher import NEW, OLD, fill, found, land_it
from makeitso.errors import ConflictError, StateError, StoreError
from makeitso.landing import land, transaction

TESTS = Path(__file__).parents[1]


def crash(directory: Path, *options: str) -> list[tuple[str, str, str]]:
    own = os.pathsep.join([os.fspath(TESTS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, landing_crasher.__file__, os.fspath(directory), *options],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": own.rstrip(os.pathsep)},
    )
    assert done.returncode == 0, done.stderr.decode()
    rows = [line.split(" ") for line in done.stdout.decode().splitlines()]
    return [(row[0], row[1], row[2]) for row in rows]


def leftovers(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.name.startswith(".makeitso-")]


def test_killed_anywhere_it_is_all_old_or_all_new(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    points: Counter[str] = Counter()
    for name, point, _ in crash(tmp_path):
        root = tmp_path / name
        points[point] += 1
        reports = land.recover(root)
        outcome = reports[0].outcome if reports else "undone"
        outcomes[outcome] += 1
        assert found(root) == (NEW if outcome == "landed" else OLD), (name, point)
        assert leftovers(root) == []
        if outcome == "landed":
            (report,) = reports
            assert report.landing is not None
            assert report.landing.landed == ("h1", "h2")
            assert land.recover(root) == reports, "remembered until it is forgotten"
            land.forget(root, report.id)
        assert land.recover(root) == ()
    assert points == {
        "landing.intent": 1,
        "landing.temp": 4,
        "landing.check": 1,
        "landing.editor": 1,
        "landing.commit": 1,
        "landing.rename": 4,
        "landing.sync": 4,
        "landing.done": 1,
        "ended": 1,
    }
    assert outcomes == {"undone": 8, "landed": 10}


def test_killed_in_recovery_too(tmp_path: Path) -> None:
    rows = crash(tmp_path, "twice")
    assert sum(after != "ended" for _, _, after in rows) > 10
    for name, point, _ in rows:
        root = tmp_path / name
        outcomes = [report.outcome for report in land.recover(root)]
        assert outcomes in ([], ["landed"])
        late = point in ("landing.rename", "landing.sync", "landing.done", "ended")
        assert found(root) == (NEW if late else OLD), (name, point)


def killed_in_the_middle(root: Path) -> None:
    """Two of four targets replaced, then nothing."""
    root.mkdir()
    fill(root)
    renames = 0

    def stop(point: str) -> None:
        nonlocal renames
        renames += point == "landing.rename"
        if renames == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land_it(root, stop)
    assert found(root).keys() == {"edited.txt", "tool"}


def test_a_file_neither_old_nor_new_stops_and_says_so(tmp_path: Path) -> None:
    root = tmp_path / "w"
    killed_in_the_middle(root)
    (root / "tool").write_bytes(b"mine\n")
    before = found(root)
    (report,) = land.recover(root)
    assert report.outcome == "stuck"
    assert "tool" in report.reason
    assert found(root) == before
    assert land.recover(root) == (report,)
    (root / "tool").write_bytes(b"t\n")
    (report,) = land.recover(root)
    assert report.outcome == "landed"
    assert found(root) == NEW


def test_an_edit_before_anything_was_replaced_takes_it_back(tmp_path: Path) -> None:
    root = tmp_path / "w"
    root.mkdir()
    fill(root)

    def stop(point: str) -> None:
        if point == "landing.rename":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land_it(root, stop)
    (root / "edited.txt").write_bytes(b"mine\n")
    (report,) = land.recover(root)
    assert report.outcome == "undone"
    assert found(root) == OLD | {"edited.txt": (b"mine\n", 0o640)}


def test_lost_temporary_files_take_it_back(tmp_path: Path) -> None:
    root = tmp_path / "w"
    killed_in_the_middle(root)
    (root / transaction.DIRECTORY / "l1" / "new-3").unlink()
    (report,) = land.recover(root)
    assert report.outcome == "undone"
    assert found(root) == OLD


@pytest.mark.parametrize("at", range(4))
def test_a_rename_that_fails_puts_everything_back(tmp_path: Path, at: int) -> None:
    root = tmp_path / "w"
    root.mkdir()
    fill(root)
    renames = 0

    def fail(point: str) -> None:
        nonlocal renames
        if point == "landing.rename":
            renames += 1
            if renames == at + 1:
                raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError) as error:
        land_it(root, fail)
    assert "disk space" in error.value.hint
    assert found(root) == OLD
    assert land.recover(root) == ()


@pytest.mark.parametrize("point", ["landing.intent", "landing.temp", "landing.check"])
def test_a_full_disk_before_the_commit_point_leaves_nothing(tmp_path: Path, point: str) -> None:
    root = tmp_path / "w"
    root.mkdir()
    fill(root)

    def fail(name: str) -> None:
        if name == point:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError):
        land_it(root, fail)
    assert found(root) == OLD
    assert list((root / transaction.DIRECTORY).iterdir()) == []


@pytest.mark.parametrize("point", ["landing.check", "landing.rename"])
@pytest.mark.parametrize("path", ["edited.txt", "made/here/new.txt", "dir/gone.txt"])
def test_an_edit_while_landing_wins(tmp_path: Path, point: str, path: str) -> None:
    root = tmp_path / "w"
    root.mkdir()
    fill(root)
    mine = {path: (b"mine\n", OLD.get(path, (b"", 0o644))[1])}

    def edit(name: str) -> None:
        target = root / path
        if name == point and not (target.exists() and target.read_bytes() == b"mine\n"):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"mine\n")
            target.chmod(mine[path][1])

    with pytest.raises(ConflictError, match="nothing was written"):
        land_it(root, edit)
    assert found(root) == OLD | mine
    assert land.recover(root) == ()


def test_a_directory_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "w", tmp_path / "outside"
    root.mkdir()
    fill(root)
    outside.mkdir()
    (outside / "gone.txt").write_bytes(b"gone\n")

    def swap(name: str) -> None:
        if name == "landing.rename" and not (root / "dir").is_symlink():
            (root / "dir").rename(root / "moved")
            (root / "dir").symlink_to(outside)

    with pytest.raises(ConflictError):
        land_it(root, swap)
    assert (outside / "gone.txt").read_bytes() == b"gone\n"
    assert (root / "edited.txt").read_bytes() == b"old\n"


def test_a_landing_id_is_used_once(tmp_path: Path) -> None:
    root = tmp_path / "w"
    killed_in_the_middle(root)
    with pytest.raises(StateError):
        transaction.stage(root, (), id="l1", payload="", fault=lambda _: None)
    (report,) = land.recover(root)
    assert report.outcome == "landed"
