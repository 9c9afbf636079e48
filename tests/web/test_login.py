"""Administrators come in by password, stay for a while, and can be sent away."""

from __future__ import annotations

import pytest

from asterisk_hotdesk import administrators
from asterisk_hotdesk.model import BY_COMMAND, Role
from tests.web.conftest import PASSWORD, WRONG, Served


async def test_the_right_password_leads_to_where_one_wanted_to_go(
    served: Served,
) -> None:
    await served.add("anna")
    visitor = await served.visitor()

    form = await visitor.get("/desks?only=used")
    shown = await visitor.fill(form, "/login", name=" Anna ", password=PASSWORD)

    assert form.path == "/login?then=/desks?only%3Dused"
    assert (shown.status, shown.path) == (200, "/desks?only=used")
    assert await served.told("web_login") == [("", "web", "anna", "127.0.0.1", "")]


async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(
    served: Served,
) -> None:
    await served.add("anna")
    visitor = await served.visitor()

    wrong = await visitor.log_in("anna", WRONG)
    unknown = await visitor.log_in("nobody", PASSWORD)

    assert wrong.status == unknown.status == 403
    assert wrong.has("The name or the password is wrong.")
    assert unknown.plain == wrong.plain
    assert [told[:3] for told in await served.told("web_refused")] == [
        ("wrong_password", "web", "anna"),
        ("wrong_password", "web", ""),
    ]


async def test_who_guesses_has_to_wait_and_longer_each_time(served: Served) -> None:
    await served.add("anna")
    visitor = await served.visitor()
    for _ in range(administrators.NAME_FAILURES):
        await visitor.log_in("anna", WRONG)

    locked = await visitor.log_in("anna", PASSWORD)
    served.office.later(31)
    wrong_again = await visitor.log_in("anna", WRONG)
    served.office.later(31)
    still_locked = await visitor.log_in("anna", PASSWORD)
    served.office.later(30)

    assert locked.has("Too many wrong attempts.")
    assert wrong_again.has("The name or the password is wrong.")
    assert still_locked.has("Too many wrong attempts.")
    assert (await visitor.log_in("anna", PASSWORD)).status == 200


async def test_whoever_is_locked_out_does_not_fill_the_history(served: Served) -> None:
    await served.add("anna")
    visitor = await served.visitor()
    for _ in range(administrators.NAME_FAILURES):
        await visitor.log_in("anna", WRONG)

    for _ in range(3):
        assert (await visitor.log_in("anna", PASSWORD)).status == 403

    codes = [code for code, *_ in await served.told("web_refused")]
    assert codes == ["wrong_password"] * administrators.NAME_FAILURES + ["locked_out"]


async def test_one_address_cannot_try_many_names(served: Served) -> None:
    visitor = await served.visitor()
    for number in range(administrators.ADDRESS_FAILURES):
        await visitor.log_in(f"name{number}", WRONG)

    assert (await visitor.log_in("another", WRONG)).has("Too many wrong attempts.")


@pytest.mark.parametrize(
    ("idle", "total"), [(61, 61), (59, 13 * 60)], ids=["idle", "too old"]
)
async def test_a_login_ends_by_itself(served: Served, idle: int, total: int) -> None:
    visitor = await served.logged_in()

    passed = 0
    while passed + idle <= total:
        assert (await visitor.get("/desks")).path == "/desks"
        served.office.later(idle * 60)
        passed += idle

    assert (await visitor.get("/desks")).path == "/login?then=/desks"


async def test_after_logging_out_the_cookie_opens_nothing(served: Served) -> None:
    visitor = await served.logged_in()
    page = await visitor.get("/desks")
    (cookie,) = [c.value for c in visitor.client.cookie_jar if c.key == "hotdesk"]

    out = await visitor.fill(page, "/logout")
    again = await visitor.get("/desks", Cookie=f"hotdesk={cookie}")

    assert out.has("You are logged out.")
    assert again.path == "/login?then=/desks"
    assert await served.told("web_logout") == [("", "web", "admin", "127.0.0.1", "")]


async def test_another_role_or_password_ends_what_is_open(served: Served) -> None:
    visitor = await served.logged_in("operator")
    office = served.office

    await administrators.edit(
        office.database,
        name="operator",
        role=Role.VIEWER,
        language=None,
        source=BY_COMMAND,
        now=office.now,
    )

    assert (await visitor.get("/desks")).path == "/login?then=/desks"
    await visitor.log_in("operator", PASSWORD)
    await administrators.set_password(
        office.database,
        office.desks.pins,
        name="operator",
        password=WRONG,
        source=BY_COMMAND,
        now=office.now,
    )
    assert (await visitor.get("/desks")).path == "/login?then=/desks"


async def test_one_can_change_the_own_password_and_stays_logged_in(
    served: Served,
) -> None:
    visitor, elsewhere = await served.logged_in(), await served.visitor()
    await elsewhere.log_in("admin", PASSWORD)
    account = await visitor.get("/account")

    new = "another good password"
    changed = await visitor.fill(
        account, "/account/password", old=PASSWORD, new=new, again=new
    )

    assert changed.has("Your password is changed.")
    assert (await visitor.get("/desks")).path == "/desks"
    assert (await elsewhere.get("/desks")).path == "/login?then=/desks"
    assert (await elsewhere.log_in("admin", PASSWORD)).status == 403
    assert (await elsewhere.log_in("admin", new)).status == 200


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        (WRONG, "another good password", "another good password", "is wrong"),
        (PASSWORD, "short", "short", "12 to 200 characters"),
        (PASSWORD, "another good password", "a third good password", "not the same"),
    ],
)
async def test_a_password_that_cannot_be_is_told(
    served: Served, old: str, new: str, again: str, said: str
) -> None:
    visitor = await served.logged_in()
    account = await visitor.get("/account")

    refused = await visitor.fill(
        account, "/account/password", old=old, new=new, again=again
    )

    assert refused.has(said)
    elsewhere = await served.visitor()
    assert (await elsewhere.log_in("admin", PASSWORD)).path == "/desks"


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil"])
async def test_a_login_leads_nowhere_else(served: Served, then: str) -> None:
    await served.add("anna")
    visitor = await served.visitor()
    form = await visitor.get("/login")

    shown = await visitor.fill(
        form, "/login", name="anna", password=PASSWORD, then=then
    )

    assert shown.path == "/desks"


async def test_what_is_stored_opens_nothing(served: Served) -> None:
    visitor = await served.logged_in()
    program = await served.program()
    cookies = [cookie.value for cookie in visitor.client.cookie_jar]
    stored = await served.office.everything_stored()

    for secret in (PASSWORD, program.headers["Authorization"][7:], *cookies):
        assert secret not in stored
