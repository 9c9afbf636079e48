"""The list of users, and many who are changed at once."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.store import users
from asterisk_hotdesk.store.users import NewUser
from tests.postgres.office import DESKS
from tests.web.conftest import Served
from tests.web.visitor import Page, Visitor

ALICE, BOB = "user:default/100", "user:default/101"
SWITCH = '<button class="switch"'


async def allowed(served: Served) -> list[str]:
    """Return the keys of all who may log in."""
    found = await served.office.rows(
        "SELECT account || '/' || extension FROM users WHERE allowed ORDER BY id"
    )
    return [str(key) for (key,) in found]


async def choose(visitor: Visitor, page: Page, verb: str, *people: str) -> Page:
    chosen = dict.fromkeys(people, "on")
    return await visitor.fill(page, page.path, allowed=verb, **chosen)


async def test_it_tells_who_may_log_in_with_what_and_who_sits_where(
    served: Served,
) -> None:
    visitor = await served.logged_in("viewer")
    await served.office.log_in("100", DESKS[0])
    await served.office.rows(
        "UPDATE users SET login_method = 'none', allowed = false"
        " WHERE extension = '101' RETURNING 1"
    )

    shown = await visitor.get("/users")

    assert shown.has("All 6", "Logged in 1", "May log in 5", "May not 1")
    assert shown.has(f"100 User default/100 default allowed PIN {DESKS[0]}")
    assert shown.has("101 User default/101 default forbidden not by phone nowhere")
    assert SWITCH not in shown.text


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("q=default/10", ["100", "101", "102", "103"]),
        ("q=HD0001", ["100"]),
        ("only=sitting", ["100"]),
        ("only=denied", ["103"]),
        ("q=acme&by=extension&down=1", ["200", "100"]),
        ("q=%25", []),
        ("only=nonsense&by=nonsense&page=x&q=acme", ["100", "200"]),
    ],
)
async def test_it_is_searched_filtered_and_sorted(
    served: Served, query: str, people: list[str]
) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", DESKS[0])
    await served.office.rows(
        "UPDATE users SET allowed = false WHERE extension = '103' RETURNING 1"
    )

    shown = await visitor.get(f"/users?{query}")

    assert shown.headings == people


async def test_one_switch_changes_one_user(served: Served) -> None:
    visitor = await served.logged_in()
    address = "/users?q=default%2F101"
    list_of_one = await visitor.get(address)

    done = await visitor.fill(
        list_of_one, address, allowed="no default/101", **{ALICE: "on"}
    )

    assert done.path == "/users?q=default/101"
    assert done.has("User default/101 (101) may not log in at hot desks.")
    assert "default/101" not in await allowed(served)
    assert "default/100" in await allowed(served)
    assert await served.told("user_denied") == [
        ("", "web", "admin", "127.0.0.1", "User default/101")
    ]


async def test_those_who_are_chosen_are_changed_in_every_account(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", DESKS[0])
    page = await visitor.get("/users")

    done = await choose(visitor, page, "no", ALICE, BOB, "user:acme/100")

    assert done.has(
        "User default/100 (100), User default/101 (101), User acme/100 (100) may not",
        "Still logged in, until somebody logs them out: User default/100 (100).",
    )
    assert await allowed(served) == ["default/102", "default/103", "acme/200"]
    await choose(visitor, done, "yes", ALICE)
    assert "default/100" in await allowed(served)


async def test_all_that_a_search_finds_are_changed_on_every_page(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    async with served.office.database.transaction() as tx:
        await users.add(tx, [crowd(extension) for extension in range(300, 360)])
    page = await visitor.get("/users?q=Crowd")
    assert page.has("All 60 that are found, on every page", "Page 1 of 2")

    done = await visitor.fill(page, page.path, allowed="no", found="60")

    assert done.has("60 users may not log in at hot desks.")
    assert len(await allowed(served)) == 6


async def test_a_search_that_finds_others_meanwhile_changes_nobody(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    page = await visitor.get("/users?q=default")

    late = await visitor.fill(page, page.path, allowed="no", found="3")

    assert late.has("The search finds others than when you looked")
    assert len(await allowed(served)) == 6


def crowd(extension: int) -> NewUser:
    return NewUser(
        extension=str(extension), name="Crowd", context="internal", account="default"
    )


async def test_nobody_chosen_is_nobody_changed(served: Served) -> None:
    visitor = await served.logged_in()

    done = await choose(visitor, await visitor.get("/users"), "no")

    assert done.has("Nobody was chosen, so nothing was changed.")
    assert len(await allowed(served)) == 6


async def test_somebody_who_was_removed_meanwhile_is_passed_over(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    page = await visitor.get("/users")
    await served.office.rows("DELETE FROM users WHERE account = 'acme' RETURNING 1")

    done = await choose(visitor, page, "no", ALICE, "user:acme/100", "user:x", "user:")

    assert done.has("User default/100 (100) may not log in at hot desks.")


async def test_a_form_that_says_nothing_is_refused(served: Served) -> None:
    visitor = await served.logged_in()
    page = await visitor.get("/users")

    for verb in ("", "perhaps", "yes-and-no"):
        assert (await choose(visitor, page, verb, ALICE)).status == 400
    assert len(await allowed(served)) == 6


async def test_an_operator_sees_no_switches_and_has_none(served: Served) -> None:
    visitor = await served.logged_in("operator")
    page = await visitor.get("/users")
    token = (await visitor.get("/account")).hidden("/logout")

    refused = await visitor.send("/users", token | {"allowed": "no default/100"})

    assert SWITCH not in page.text
    assert '<input type="checkbox"' not in page.text
    assert refused.status == 403
    assert len(await allowed(served)) == 6


async def test_it_speaks_german(served: Served) -> None:
    visitor = await served.logged_in(language="de")
    page = await visitor.get("/users")

    done = await choose(visitor, page, "no", ALICE)

    assert page.has("Personen", "Dürfen 6", "erlaubt", "Hot Desks verbieten")
    assert done.has("Anmelden an Hot Desks ist verboten: User default/100 (100).")
