"""Cells of CSV files that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"(^|[;\r\n\t])(?=[=+\-@\t\r])")
"""Also after a semicolon: where that separates cells, what follows is a cell."""


def harmless(cell: str) -> str:
    """Return *cell* so that no spreadsheet takes it, or a part of it, for a formula.

    Source: OWASP, CSV Injection.
    """
    return _FORMULA.sub(r"\1'", cell)
