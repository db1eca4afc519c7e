"""The commands of the Makefile as nox sessions, for those whose hands or editors know nox.

No environments of its own: the Makefile installs into `.venv` from the lock files.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "test"]


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, basedpyright and the import contracts."""
    session.run("make", "lint", external=True)


@nox.session
def test(session: nox.Session) -> None:
    """Generated files and the whole suite; arguments go to pytest."""
    session.run("make", "test", f"PYTEST_ARGS={' '.join(session.posargs)}", external=True)


@nox.session
def e2e(session: nox.Session) -> None:
    """Only the tests that drive the whole product."""
    session.run("make", "e2e", f"PYTEST_ARGS={' '.join(session.posargs)}", external=True)


@nox.session
def build(session: nox.Session) -> None:
    """Build wheel and sdist and try the wheel."""
    session.run("make", "smoke", external=True)


@nox.session
def audit(session: nox.Session) -> None:
    """Licences and known vulnerabilities."""
    session.run("make", "audit", external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios against the bare tools; arguments go to the benchmarks."""
    session.run("make", "bench", f"BENCH_ARGS={' '.join(session.posargs)}", external=True)
