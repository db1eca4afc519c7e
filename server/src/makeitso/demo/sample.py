"""The sample repository: a small date library, one test of it failing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault

if TYPE_CHECKING:
    from pathlib import Path

GOAL = "Dates before 1970 parse, and dates print with leading zeros"
CHECK = "python3 -m unittest -q"

FILES: dict[str, str] = {
    "README.md": "# stardates\n\nParses and prints calendar dates.\n",
    ".gitignore": "__pycache__/\n",
    "stardates.py": '''"""Calendar dates as (year, month, day)."""


def parse(text):
    """The date in a text such as 2063-04-05."""
    year, month, day = (int(part) for part in text.split("-"))
    if year < 1970:
        raise ValueError(f"{text}: years begin at 1970")
    check(month, day)
    return year, month, day


def check(month, day):
    """Refuse what no calendar has."""
    if not 1 <= month <= 12:
        raise ValueError(f"no month {month}")
    if not 1 <= day <= 31:
        raise ValueError(f"no day {day}")


def is_leap(year):
    """Whether a year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def show(date):
    """A date as text."""
    return "{}-{}-{}".format(*date)
''',
    "test_stardates.py": """import unittest

import stardates


class Dates(unittest.TestCase):
    def test_moon_landing(self):
        self.assertEqual(stardates.parse("1969-07-20"), (1969, 7, 20))

    def test_prints_as_it_reads(self):
        self.assertEqual(stardates.show(stardates.parse("2063-04-05")), "2063-04-05")

    def test_no_month_13(self):
        with self.assertRaises(ValueError):
            stardates.parse("2063-13-05")


if __name__ == "__main__":
    unittest.main()
""",
}

PATCH = """*** Begin Patch
*** Update File: stardates.py
@@
     year, month, day = (int(part) for part in text.split("-"))
-    if year < 1970:
-        raise ValueError(f"{text}: years begin at 1970")
     check(month, day)
@@
     \"\"\"A date as text.\"\"\"
-    return "{}-{}-{}".format(*date)
+    return "{:04}-{:02}-{:02}".format(*date)
*** End Patch
"""


def write_sample(folder: Path) -> None:
    """Make the sample repository, with one commit.

    Raises:
        EnvironmentFault: git is missing or failed.
    """
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    identity = ["-c", "user.name=mis demo", "-c", "user.email=demo@localhost"]
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        [*identity, "-c", "commit.gpgsign=false", "commit", "-q", "-m", "A small date library"],
    ):
        try:
            subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
        except FileNotFoundError as error:
            raise EnvironmentFault("git is missing", hint="install git 2.31 or newer") from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode("utf-8", "replace").strip()
            raise EnvironmentFault(f"git {command[0]} failed: {said}") from error
