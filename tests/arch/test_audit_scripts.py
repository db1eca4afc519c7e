from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from licences import fits, licence_of
from vulnerabilities import Dependency, judge

if TYPE_CHECKING:
    from pathlib import Path

KNOWN: Dependency = {"name": "rich", "version": "15.0.0", "vulns": []}
SKIPPED: Dependency = {"name": "anyio", "skip_reason": "not found"}
HIT: Dependency = {"name": "click", "version": "8.5.1", "vulns": [{"id": "PYSEC-2026-1"}]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("MIT License", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND BSD-3-Clause", True),
        ("ISC License (ISCL)", True),
        ("(MIT AND PSF-2.0) OR GPL-2.0-only", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("LGPL-2.1-or-later", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_which_licences_fit(expression: str, expected: bool) -> None:
    assert fits(expression) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("License-Expression", "MIT"), ("License", "whatever")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT License"),
        ([("License", "Apache 2.0\n        Copyright ...")], "Apache 2.0"),
        ([("Classifier", "License :: Other/Proprietary License")], ""),
        ([], ""),
    ],
)
def test_where_a_licence_is_read(
    headers: list[tuple[str, str]], expected: str, tmp_path: Path
) -> None:
    folder = tmp_path / "x-1.dist-info"
    folder.mkdir()
    lines = [("Metadata-Version", "2.4"), ("Name", "x"), ("Version", "1"), *headers]
    text = "".join(f"{name}: {value}\n" for name, value in lines)
    (folder / "METADATA").write_text(text)
    assert licence_of(metadata.PathDistribution(folder).metadata) == expected


@pytest.mark.parametrize(
    ("answer", "said", "last", "code"),
    [
        ([], "boom\nno route to host\n", "skipped: no data (no route to host)", 0),
        ([], "", "skipped: no data (the service knows none of the packages)", 0),
        ([SKIPPED], "No known vulnerabilities found", "skipped: no data (the service knows", 0),
        ([KNOWN], "", "none vulnerable (1 of 1 packages known", 0),
        ([KNOWN, SKIPPED], "", "none vulnerable (1 of 2 packages known", 0),
        ([KNOWN, HIT], "", "1 vulnerable (2 of 2 packages known", 1),
    ],
)
def test_what_is_not_known_is_not_called_safe(
    answer: list[Dependency], said: str, last: str, code: int
) -> None:
    lines, given = judge(answer, said)
    assert lines[-1].startswith(f"vulnerabilities: {last}")
    assert given == code
    assert any("PYSEC-2026-1" in line for line in lines) is (HIT in answer)
