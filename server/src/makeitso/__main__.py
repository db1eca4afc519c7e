"""`python -m makeitso` is `mis`."""

from __future__ import annotations

import sys

from makeitso.cli.main import main

sys.exit(main())
