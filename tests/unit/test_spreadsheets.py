"""What a spreadsheet would take for a formula comes as a text."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.spreadsheets import harmless


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Alice", "Alice"),
        ("2026-11-23 07:00", "2026-11-23 07:00"),
        ("a-b=c", "a-b=c"),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        # Where a semicolon separates cells, this is two.
        ("phone;=cmd|' /C calc'!A0;x", "phone;'=cmd|' /C calc'!A0;x"),
        ("two\nlines\n+1", "two\nlines\n'+1"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    assert harmless(cell) == written
