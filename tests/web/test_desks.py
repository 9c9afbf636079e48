"""The list of desks: who sits where, found, filtered, sorted and paged."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.store import devices, status
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.store.status import Seen
from tests.postgres.office import ACME_DESK, DESKS
from tests.web.conftest import Served
from tests.web.visitor import Visitor

FIRST, SECOND, THIRD = DESKS


async def see(served: Served, **seen: object) -> None:
    async with served.office.database.transaction() as tx:
        await status.note_seen(tx, [Seen(**seen)], served.office.now)  # type: ignore[arg-type]


async def add_desks(served: Served, count: int) -> None:
    async with served.office.database.transaction() as tx:
        await devices.add(
            tx,
            [
                NewDevice(
                    name=f"X{number:03}",
                    mac=f"{0x001565000000 + number:012x}",
                    account="default",
                    sip_secret="s1p-s3cret",
                    web_password="w3b-s3cret",
                    location=f"Floor {number % 3}",
                )
                for number in range(count)
            ],
        )


async def listed(visitor: Visitor, query: str = "") -> list[str]:
    return list((await visitor.get(f"/desks{query}")).rows)


async def test_it_says_who_sits_where_and_how_far_everything_is(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", FIRST)
    await see(served, device=FIRST, registered=True, reachable=True)

    rows = (await visitor.get("/desks")).rows

    # Europe/Berlin is an hour ahead in January.
    assert rows[FIRST].startswith(
        f"{FIRST} User default/100 (100) 09:00 in force waiting registered - Log in"
    )
    assert rows[SECOND].startswith(f"{SECOND} nobody - - - unknown -")
    assert list(rows) == sorted([ACME_DESK, *DESKS])


async def test_a_phone_that_does_not_fetch_is_stale(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", FIRST)
    served.office.later(61)

    assert "stale" in (await visitor.get("/desks")).rows[FIRST]
    assert await listed(visitor, "?only=stale") == [FIRST]


async def test_filters(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", SECOND)
    await see(served, device=THIRD, registered=False)

    assert await listed(visitor, "?only=used") == [SECOND]
    assert await listed(visitor, "?only=idle") == [ACME_DESK, FIRST, THIRD]
    assert await listed(visitor, "?only=unreachable") == [THIRD]
    assert await listed(visitor, "?only=nonsense") == sorted([ACME_DESK, *DESKS])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100", [FIRST]),
        ("default/10", [FIRST]),
        ("hd0002", [SECOND]),
        ("00:04:13:00:00:03", [THIRD]),
        ("192.0.2.7", [THIRD]),
        ("%", []),
        ("_", []),
        ("no such desk", []),
    ],
)
async def test_search(served: Served, text: str, found: list[str]) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", FIRST)
    await see(served, device=THIRD, registered=True, address="192.0.2.7:5060")

    assert await listed(visitor, f"?q={text}".replace("%", "%25")) == found


async def test_long_lists_come_in_pages_of_fifty(served: Served) -> None:
    visitor = await served.logged_in()
    await add_desks(served, 120)

    first = await visitor.get("/desks")
    last = await visitor.get("/desks?page=3")

    assert len(first.rows) == 50
    assert first.has("Page 1 of 3", "All 124", "Idle 124")
    assert len(last.rows) == 24
    assert list((await visitor.get("/desks?page=99")).rows) == list(last.rows)
    assert list((await visitor.get("/desks?page=x")).rows) == list(first.rows)


async def test_sorting(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("101", FIRST)
    served.office.later(600)
    await served.office.log_in("100", SECOND)

    assert (await listed(visitor, "?by=user"))[:2] == [SECOND, FIRST]
    assert (await listed(visitor, "?by=since"))[:2] == [FIRST, SECOND]
    assert (await listed(visitor, "?by=since&down=1"))[:2] == [SECOND, FIRST]
    assert (await listed(visitor, "?down=1"))[0] == THIRD


async def test_what_people_are_called_is_text(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.rows(
        "UPDATE users SET name = '<script>alert(1)</script>' WHERE extension = '101'"
        " RETURNING 1"
    )
    await served.office.log_in("101", FIRST)

    page = await visitor.get("/desks")

    assert "<script>alert" not in page.text
    assert "<script>alert(1)</script> (101)" in page.rows[FIRST]


async def test_german(served: Served) -> None:
    visitor = await served.logged_in(language="de-AT,de;q=0.9,en;q=0.5")
    await served.office.log_in("100", FIRST)

    page = await visitor.get("/desks")

    assert page.has("Plätze", "Belegt 1", "Frei 3")
    assert "in Kraft wartet unbekannt" in page.rows[FIRST]
    assert '<html lang="de">' in page.text


async def test_the_own_language_wins_over_the_browser_s(served: Served) -> None:
    visitor = await served.logged_in(language="de")
    account = await visitor.get("/account")

    changed = await visitor.fill(account, "/account/language", language="en")

    assert changed.has("The language is set.")
    assert (await visitor.get("/desks")).has("In use 0")


async def test_while_asterisk_is_away_no_phone_is_said_to_be_well(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    await see(served, device=FIRST, registered=False)
    async with served.office.database.transaction() as tx:
        await status.note_pbx(tx, served.office.now, answers=False)

    page = await visitor.get("/desks")

    assert page.has("Asterisk does not answer (since 09:00)", "Unreachable 0")
    assert "unknown" in page.rows[FIRST]
