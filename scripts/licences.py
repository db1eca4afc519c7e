"""Says under which licence each package stands that users install with us; fails on a misfit.

A package fits when it may be used by an MIT-licensed program without putting terms on it. What a
package says of itself is read from its installed metadata; one that is not installed here, for
another platform for instance, is named and not judged.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata

from locked import pins

SHIPPED = ("runtime", "api", "fast", "otel", "codex")
FITS = frozenset(
    {
        *("MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "Unlicense"),
        *("Apache-2.0", "PSF-2.0"),
        "MPL-2.0",  # its terms stay with its own files
    }
)
SPELLINGS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "python software foundation license": "PSF-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}
"""How packages without an SPDX expression write it, in lower case."""


def fits(expression: str) -> bool:
    """Whether an SPDX expression lets us choose a licence that fits."""
    return any(
        all(_spdx(term) in FITS for term in re.split(r"\s+AND\s+", choice))
        for choice in re.split(r"\s+OR\s+", expression)
    )


def licence_of(package: metadata.PackageMetadata) -> str:
    """What a package says its licence is; empty: nothing.

    The expression of newer metadata holds; then the classifiers; then the free text, of which some
    packages make the whole licence, hence only its first line.
    """
    fields = package.json
    expression = str(fields.get("license_expression") or "")
    if expression:
        return expression
    classifiers = fields.get("classifier") or []
    named = [
        line.rpartition(" :: ")[2]
        for line in classifiers
        if line.startswith("License :: OSI Approved :: ")
    ]
    return " OR ".join(named) or str(fields.get("license") or "").partition("\n")[0].strip()


def _spdx(term: str) -> str:
    bare = term.strip(" ()") if term.count("(") != term.count(")") else term.strip()
    return SPELLINGS.get(bare.lower(), bare)


def main() -> int:
    """List the packages; 1 when one does not fit."""
    misfits = 0
    for name in sorted({name for lock in SHIPPED for name in pins(lock)}):
        try:
            licence = licence_of(metadata.metadata(name))
        except metadata.PackageNotFoundError:
            print(f"  {name:<24} not installed here, not judged")
            continue
        good = fits(licence)
        misfits += not good
        print(f"  {name:<24} {licence or 'says nothing'}{'' if good else '   DOES NOT FIT'}")
    print(f"licences: {misfits} do not fit MIT" if misfits else "licences: all fit MIT")
    return int(misfits > 0)


if __name__ == "__main__":
    sys.exit(main())
