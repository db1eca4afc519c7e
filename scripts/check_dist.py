"""Checks a built wheel and sdist before anybody can get them: metadata, data files, commands."""

from __future__ import annotations

import argparse
import configparser
import sys
import tarfile
import zipfile
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = frozenset({"mis", "makeitso-language-server"})
PACKAGE = "makeitso"
NOT_SHIPPED = ("tests/", "benchmarks/", ".venv/", ".makeitso/")


def wheel_problems(wheel: Path) -> list[str]:
    """What is wrong with a wheel; empty: nothing."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = {
            Path(name).name: archive.read(name).decode()
            for name in names
            if ".dist-info/" in name and name.endswith(("METADATA", "entry_points.txt"))
        }
    problems = _metadata_problems(texts.get("METADATA", ""))
    problems += [f"lacks {path}" for path in sorted(_expected_files()) if path not in names]
    problems += [
        f"ships {name}"
        for name in names
        if not name.startswith((f"{PACKAGE}/", f"{PACKAGE}_codex-")) or "__pycache__" in name
    ]
    entries = configparser.ConfigParser(delimiters=("=",))
    entries.read_string(texts.get("entry_points.txt", ""))
    found = dict(entries["console_scripts"]) if "console_scripts" in entries else {}
    problems += [f"lacks the command {name}" for name in sorted(COMMANDS - found.keys())]
    problems += [
        f"the command {name} points to {target}, which is not in it"
        for name, target in found.items()
        if target.partition(":")[0].replace(".", "/") + ".py" not in names
    ]
    return problems


def sdist_problems(sdist: Path) -> list[str]:
    """What is wrong with an sdist; empty: nothing. `build` proves that it makes a wheel."""
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    wanted = {"pyproject.toml", "LICENSE", "README.md", "PKG-INFO"}
    problems = [f"lacks {name}" for name in sorted(wanted - set(names))]
    return problems + [f"ships {name}" for name in names if name.startswith(NOT_SHIPPED)]


def _metadata_problems(text: str) -> list[str]:
    try:
        metadata = Metadata.from_email(text)
    except ExceptionGroup as group:
        return [
            f"metadata: {error}" for error in group.exceptions if isinstance(error, InvalidMetadata)
        ] or [f"metadata: {group}"]
    problems: list[str] = []
    if metadata.description_content_type != "text/markdown":
        problems.append(f"metadata: the description is {metadata.description_content_type}")
    if not (metadata.description or "").strip():
        problems.append("metadata: there is no description")
    if not metadata.license_files:
        problems.append("metadata: names no licence file")
    return problems


def _expected_files() -> set[str]:
    """Every source file, and every file of `protocol/`, where the wheel has it."""
    source, protocol = ROOT / "server" / "src" / PACKAGE, ROOT / "protocol"
    files = {
        f"{PACKAGE}/{path.relative_to(source).as_posix()}"
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return files | {
        f"{PACKAGE}/_protocol/{path.relative_to(protocol).as_posix()}"
        for path in protocol.rglob("*")
        if path.is_file()
    }


def main() -> int:
    """Check one wheel and one sdist in a directory; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("place", type=Path, help="the directory they are in")
    parser.add_argument("--tag", default="", help="the release tag their version must be that of")
    arguments = parser.parse_args()
    place: Path = arguments.place
    tag: str = arguments.tag
    wheels, sdists = sorted(place.glob("*.whl")), sorted(place.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        print(f"{place}: {len(wheels)} wheels and {len(sdists)} sdists; one of each is expected")
        return 1
    problems = [f"{wheels[0].name}: {problem}" for problem in wheel_problems(wheels[0])]
    problems += [f"{sdists[0].name}: {problem}" for problem in sdist_problems(sdists[0])]
    if tag and not wheels[0].name.startswith(f"{PACKAGE}_codex-{tag.removeprefix('v')}-"):
        problems.append(f"{wheels[0].name} is not of the tag {tag}")
    print("\n".join(problems) or f"{wheels[0].name} and {sdists[0].name} are in order")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
