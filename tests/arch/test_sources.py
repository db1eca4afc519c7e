from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from tracked import ROOT, text_of, tracked

LONGEST = 500
GENERATED = ("protocol/schema/", "protocol/methods.md", "requirements/")
DATA = ("protocol/regexes.toml", "tests/golden/", "tests/corpus/")
GRAB_BAGS = re.compile(r"(^|_)(utils?|helpers?|common|misc|stuff)(_|$)")
THIS = Path(__file__).relative_to(ROOT)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
HOSTS = re.compile(r"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com)")
MACHINE_PATHS = re.compile(
    r"(?<![\w.$}/-])/(work|root|opt/wheels|opt/pypi|Users/\w+|mnt/\w+)(?=/|\b)"
)


def code() -> list[Path]:
    return [path for path in tracked() if path.suffix in {".py", ".ts", ".sh", ".lua", ".el"}]


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path != THIS  # it names what it looks for
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]


def test_there_is_something_to_look_at() -> None:
    assert len(code()) > 200
    assert Path("pyproject.toml") in tracked()


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    long = {
        path.as_posix(): count
        for path in tracked()
        if not path.as_posix().startswith(GENERATED + DATA)
        and (count := len(text_of(path).splitlines())) > LONGEST
    }
    assert long == {}, "split it by noun or verb"


def test_no_module_is_a_grab_bag() -> None:
    parts = {part for path in code() for part in (*path.parent.parts, path.stem)}
    assert sorted(part for part in parts if GRAB_BAGS.search(part)) == []


def test_nothing_is_left_unfinished() -> None:
    assert found(UNFINISHED) == []


def test_no_package_index_is_named() -> None:
    assert found(HOSTS) == []


def test_no_path_of_a_machine_is_named() -> None:
    assert found(MACHINE_PATHS) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "# TODO: later"),
        (HOSTS, "--index-url https://{}.org/simple".format("pypi")),
        (MACHINE_PATHS, 'ROOT = "/{}/main"'.format("work")),
        (MACHINE_PATHS, "see /{}/wheels".format("opt")),
        (MACHINE_PATHS, "/{}/anne/x".format("Users")),
        (GRAB_BAGS, "path_helpers"),
        (GRAB_BAGS, "utils"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["src/work/x", "https://e.org/work", "the/root"])
def test_a_part_of_another_path_is_no_machine(line: str) -> None:
    assert not MACHINE_PATHS.search(line)


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.as_posix()
        for path in code()
        if path.suffix == ".py"
        and path.parts[0] in {"server", "scripts", "benchmarks"}
        and not re.match(r'r?"""\S', text_of(path))
    ]
    assert silent == []


def test_no_two_modules_of_tests_have_one_name() -> None:
    # Tests are imported by their bare names: of two, the second could not be collected.
    names = [path.name for path in code() if path.parts[0] == "tests" and path.stem != "conftest"]
    assert sorted(name for name, count in Counter(names).items() if count > 1) == []


def test_every_symlink_stays_inside() -> None:
    assert [path for path in tracked() if (ROOT / path).is_symlink()] == []
