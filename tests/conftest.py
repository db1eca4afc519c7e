"""Options of the whole suite."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure() -> None:
    """Heed Ctrl+C again where a shell started this in the background: what is tried inherits it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults",
        action="store_true",
        default=False,
        help="the whole fault lane instead of a sample of it",
    )
    parser.addoption(
        "--faults-share",
        type=int,
        default=1,
        metavar="N",
        help="of the tries of the fault lane, one in N, chosen by --faults-seed",
    )
    parser.addoption(
        "--faults-seed", default="1", metavar="SEED", help="chooses which tries are made"
    )
    parser.addoption(
        "--update-golden",
        action="store_true",
        default=False,
        help="rewrite the expected parts of golden files from what the code gives now",
    )
