"""Logging people in and out from afar, and two who do it at once."""

from __future__ import annotations

import pytest

from tests.postgres.office import ACME_DESK, DESKS, PIN
from tests.web.conftest import Served

FIRST, SECOND, THIRD = DESKS
OUT = f"/desks/{FIRST}/logout"
IN = f"/desks/{FIRST}/login/101"


async def test_an_operator_logs_somebody_out_after_saying_yes(served: Served) -> None:
    visitor = await served.logged_in("operator")
    await served.office.log_in("100", FIRST)

    question = await visitor.get(f"{OUT}?then=/desks?only%3Dused")
    done = await visitor.fill(question, OUT)

    assert question.has("Log User default/100 (100) out?")
    assert done.has(f"User default/100 (100) is logged out at {FIRST}.")
    assert done.path == "/desks?only=used"
    assert await served.office.sitting() == {}
    assert await served.told("logout") == [
        ("forced", "web", "operator", "127.0.0.1", "User default/100")
    ]
    assert not (await visitor.get("/desks")).has("is logged out")


async def test_an_operator_logs_somebody_in_without_a_pin(served: Served) -> None:
    visitor = await served.logged_in("operator")
    await served.office.log_in("100", FIRST)
    await served.office.log_in("101", SECOND)

    choice = await visitor.get(f"/desks/{FIRST}/login?q=101")
    question = await visitor.get(IN)
    done = await visitor.fill(question, IN)

    assert choice.has("User default/101 (101)", f"sits at {SECOND}")
    assert not choice.has("User default/102")
    assert question.has(
        f"Log User default/101 (101) in at {FIRST}?",
        "User default/100 (100) sits there now and is logged out.",
        f"leaves {SECOND} for it",
    )
    assert done.has(f"User default/101 (101) is logged in at {FIRST}.")
    assert await served.office.sitting() == {FIRST: "101"}


async def test_what_somebody_else_did_meanwhile_is_not_undone(served: Served) -> None:
    visitor = await served.logged_in("operator")
    await served.office.log_in("100", FIRST)
    out, login = await visitor.get(OUT), await visitor.get(IN)

    await served.office.log_in("102", FIRST)
    refused_out = await visitor.fill(out, OUT)
    refused_in = await visitor.fill(login, IN)

    for refused in (refused_out, refused_in):
        assert refused.status == 409
        assert refused.has(
            "Somebody else has changed this in the meantime. Nothing was done",
            f"Now User default/102 (102) sits at {FIRST}.",
        )
    assert await served.office.sitting() == {FIRST: "102"}
    again = await visitor.fill(refused_out, OUT)
    assert again.has(f"User default/102 (102) is logged out at {FIRST}.")


async def test_of_two_who_log_the_same_person_out_one_is_told(served: Served) -> None:
    one, other = await served.logged_in("operator"), await served.logged_in("admin")
    await served.office.log_in("100", FIRST)
    questions = await one.get(OUT), await other.get(OUT)

    done = await one.fill(questions[0], OUT)
    late = await other.fill(questions[1], OUT)

    assert done.status == 200
    assert (late.status, late.has(f"{FIRST} is idle now.")) == (409, True)


async def test_the_rules_hold_for_administrators_too(served: Served) -> None:
    visitor = await served.logged_in()
    question = await visitor.get(IN)
    await served.office.rows(
        "UPDATE users SET allowed = false WHERE extension = '101' RETURNING 1"
    )

    refused = await visitor.fill(question, IN)

    assert refused.has("This user may not use hot desks.")
    assert await served.office.sitting() == {}


async def test_only_people_of_the_same_account_can_be_chosen(served: Served) -> None:
    visitor = await served.logged_in()

    choice = await visitor.get(f"/desks/{ACME_DESK}/login")

    assert choice.has("User acme/200 (200)", "User acme/100 (100)")
    assert not choice.has("User default/101")
    assert (await visitor.get(f"/desks/{ACME_DESK}/login/101")).status == 404


@pytest.mark.parametrize("path", ["/desks/NOPE/logout", "/desks/NOPE/login", "/x"])
async def test_what_is_not_there_is_said_to_be_missing(
    served: Served, path: str
) -> None:
    visitor = await served.logged_in()

    missing = await visitor.get(path)

    assert missing.status == 404
    assert missing.has("There is no such page.")


async def test_a_login_by_phone_and_one_from_afar_are_told_apart(
    served: Served,
) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", SECOND, PIN)
    await visitor.fill(await visitor.get(IN), IN)

    assert [told[1:4] for told in await served.told("login")] == [
        ("phone", "", ""),
        ("web", "admin", "127.0.0.1"),
    ]
