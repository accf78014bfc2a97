"""`python -m commands`, where the script `mledger` is not installed."""

from __future__ import annotations

import sys

from commands.start import main

sys.exit(main())
