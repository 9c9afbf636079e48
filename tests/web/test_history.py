"""The history as a page and as a file."""

from __future__ import annotations

import csv
import io

import pytest

from asterisk_hotdesk.errors import BadCredentials
from tests.postgres.office import DESKS, WRONG
from tests.web.conftest import Served

FIRST, SECOND, _ = DESKS


@pytest.fixture
async def lived(served: Served) -> Served:
    """Return the site of an office where something has happened on two days."""
    await served.office.log_in("100", FIRST)
    served.office.later(86_400)
    await served.office.log_in("101", SECOND)
    with pytest.raises(BadCredentials):
        await served.office.log_in("102", FIRST, WRONG)
    return served


async def test_it_tells_what_happened_the_last_first(lived: Served) -> None:
    visitor = await lived.logged_in("viewer")

    shown = await visitor.get("/history?who=HD0001")

    assert shown.has(
        f"2026-01-03 09:00:00 refused: wrong PIN User default/102 (102) {FIRST} phone -"
        f" 2026-01-02 09:00:00 logged in User default/100 (100) {FIRST} phone"
    )


@pytest.mark.parametrize(
    ("query", "moments"),
    [
        ("who=101", ["2026-01-03 09:00:00"]),
        ("what=login", ["2026-01-03 09:00:00", "2026-01-02 09:00:00"]),
        ("what=login&until=2026-01-02", ["2026-01-02 09:00:00"]),
        ("what=login&since=2026-01-03&until=2026-01-03", ["2026-01-03 09:00:00"]),
        ("who=100&account=acme", []),
        ("who=100&since=9999-12-31&until=0001-01-01", ["2026-01-02 09:00:00"]),
        ("who=100&what=nonsense&before=x", ["2026-01-02 09:00:00"]),
        ("who=%00&what=login", ["2026-01-03 09:00:00", "2026-01-02 09:00:00"]),
    ],
)
async def test_it_is_filtered(lived: Served, query: str, moments: list[str]) -> None:
    visitor = await lived.logged_in()

    assert (await visitor.get(f"/history?{query}")).headings == moments


async def test_it_is_turned_over_page_by_page(served: Served) -> None:
    visitor = await served.logged_in()
    for _ in range(60):
        served.office.later(1)
        await served.office.log_in("100", FIRST)
        await served.office.log_out(FIRST)

    newest = await visitor.get("/history?who=100")
    older = await visitor.get(newest.link("Older"))

    assert [len(newest.headings), len(older.headings)] == [100, 20]
    assert len({*newest.headings, *older.headings}) == 60
    assert (await visitor.get(older.link("Newest"))).headings == newest.headings
    with pytest.raises(AssertionError):
        older.link("Older")


async def test_all_of_it_is_a_file_that_no_spreadsheet_takes_for_formulas(
    lived: Served,
) -> None:
    visitor = await lived.logged_in()
    await lived.office.rows(
        "UPDATE events SET name = '=HYPERLINK(1)' WHERE extension = '100' RETURNING 1"
    )

    file = await visitor.get("/history.csv?what=login")

    lines = [*csv.DictReader(io.StringIO(file.text))]
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [(line["name"], line["device"], line["text"]) for line in lines] == [
        ("'=HYPERLINK(1)", FIRST, "logged in"),
        ("User default/101", SECOND, "logged in"),
    ]


async def test_it_speaks_german(lived: Served) -> None:
    visitor = await lived.logged_in(language="de")

    shown = await visitor.get("/history?who=102")

    assert shown.has("Verlauf", "abgelehnt: falsche PIN", "Telefon")
    assert shown.has("an der Web-Seite angemeldet")
