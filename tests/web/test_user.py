"""The page of one user: facts, what may be changed, and the function keys."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.errors import BadCredentials, LockedOut
from asterisk_hotdesk.model import KeyKind, UserKey
from asterisk_hotdesk.store import user_keys
from tests.postgres.office import DESKS, WRONG
from tests.web.conftest import Served
from tests.web.visitor import Page, Visitor

ALICE = "/users/default/100"
KEYS = f"{ALICE}/keys"
BOB_LAMP = UserKey(position=2, kind=KeyKind.BLF, value="101", label="Bob")
DND = UserKey(position=3, kind=KeyKind.DND)


async def plan(served: Served) -> list[UserKey]:
    async with served.office.database.transaction() as tx:
        return await user_keys.of(tx, await served.office.user("100"))


async def give(served: Served, *keys: UserKey) -> None:
    async with served.office.database.transaction() as tx:
        await user_keys.put(tx, await served.office.user("100"), keys)


def line(number: int, key: UserKey | None = None, **more: str) -> dict[str, str]:
    """Return the fields of one line of the form, with *key* in it."""
    known = {name: str(value) for name, value in vars(key).items()} if key else {}
    return {f"{name}-{number}": value for name, value in (known | more).items()}


async def save(visitor: Visitor, page: Page, **fields: str) -> Page:
    return await visitor.send(KEYS, page.hidden(KEYS) | fields)


async def test_it_tells_what_is_known_of_her(served: Served) -> None:
    visitor = await served.logged_in("viewer")
    await served.office.log_in("100", DESKS[0])
    await give(served, BOB_LAMP)

    shown = await visitor.get(ALICE)

    assert shown.has(
        "User default/100 (100)",
        f"Sits at {DESKS[0]} since 2026-01-02 09:00:00",
        "PIN set 2026-01-01 01:00:00",
        "Wrong PINs in a row 0",
        "2 Lamp of an extension 101 Bob 5",
        f"2026-01-02 09:00:00 logged in User default/100 (100) {DESKS[0]} phone",
    )
    assert '<form method="post" action="/users' not in shown.text


async def test_what_is_safe_to_change_is_changed(served: Served) -> None:
    visitor = await served.logged_in()

    done = await visitor.fill(
        await visitor.get(ALICE),
        ALICE,
        name="Alice",
        language="de",
        ringtone="3",
        when_logged_out="number:200",
        may_log_others_out="yes",
    )

    alice = await served.office.user("100")
    assert done.has("Alice (100) is changed.")
    assert (alice.name, alice.language, alice.ringtone) == ("Alice", "de", 3)
    assert (alice.logged_out_treatment, alice.logged_out_target) == ("number", "200")
    assert alice.may_log_others_out
    assert alice.context == "internal"
    assert await served.told("user_edited") == [
        ("", "web", "admin", "127.0.0.1", "Alice")
    ]


async def test_of_two_who_change_her_the_second_is_told(served: Served) -> None:
    one, other = await served.logged_in(), await served.visitor()
    await served.add("eve")
    await other.log_in("eve", "correct horse battery")
    pages = await one.get(ALICE), await other.get(ALICE)
    as_before = {"language": "", "ringtone": "", "when_logged_out": "busy"}

    await one.fill(pages[0], ALICE, name="Alice", **as_before)
    late = await other.fill(pages[1], ALICE, name="Alicia", **as_before)

    assert late.status == 409
    assert late.has("Somebody else has changed this in the meantime")
    assert 'value="Alice"' in late.text
    assert (await served.office.user("100")).name == "Alice"


async def test_a_value_that_cannot_be_is_told_and_the_rest_is_kept(
    served: Served,
) -> None:
    visitor = await served.logged_in()

    refused = await visitor.fill(
        await visitor.get(ALICE), ALICE, name="Alice", when_logged_out="dance"
    )

    assert refused.has("when logged out 'dance': expected unavailable, busy")
    assert 'value="Alice"' in refused.text
    assert (await served.office.user("100")).name == "User default/100"


async def test_her_permission_is_switched(served: Served) -> None:
    visitor = await served.logged_in()
    page = await visitor.get(ALICE)
    await served.office.log_in("100", DESKS[0])

    done = await visitor.fill(page, f"{ALICE}/permission", allowed="no")

    assert done.has("may not log in at hot desks.", "Still logged in")
    assert not (await served.office.user("100")).allowed


async def test_wrong_pins_are_forgotten_by_an_operator(served: Served) -> None:
    visitor = await served.logged_in("operator")
    for _ in range(5):
        with pytest.raises(BadCredentials):
            await served.office.log_in("100", pin=WRONG)
    with pytest.raises(LockedOut):
        await served.office.log_in("100")
    page = await visitor.get(ALICE)
    assert page.has("Wrong PINs in a row 5", "Locked until 2026-01-02 09:00:30")

    done = await visitor.fill(page, f"{ALICE}/unlock")

    assert done.has("(100) may try again; wrong PINs forgotten: 5.")
    await served.office.log_in("100")
    assert await served.told("unlocked") == [
        ("", "web", "operator", "127.0.0.1", "User default/100")
    ]


async def test_keys_are_added_changed_and_taken_away(served: Served) -> None:
    visitor = await served.logged_in()
    await give(served, BOB_LAMP, DND)
    page = await visitor.get(ALICE)

    done = await save(
        visitor,
        page,
        **line(1, BOB_LAMP, label="Robert"),
        **line(2, position="", kind="", priority="5"),
        **line(3, position="", kind="speed", value="+4930123", priority="2"),
    )

    assert done.has("The keys of User default/100 (100) are saved.")
    assert await plan(served) == [
        UserKey(position=2, kind=KeyKind.BLF, value="101", label="Robert"),
        UserKey(position=3, kind=KeyKind.SPEED_DIAL, value="+4930123", priority=2),
    ]
    assert await served.told("keys_edited") == [
        ("", "web", "admin", "127.0.0.1", "User default/100")
    ]


@pytest.mark.parametrize(
    ("press", "positions"),
    [
        ("up 3", {"dnd": 2, "blf": 3}),
        ("down 3", {"blf": 2, "dnd": 4}),
        ("up 2", {"blf": 1, "dnd": 3}),
        ("remove 2", {"dnd": 3}),
    ],
)
async def test_a_key_is_moved_or_removed_by_a_button(
    served: Served, press: str, positions: dict[str, int]
) -> None:
    visitor = await served.logged_in()
    await give(served, BOB_LAMP, DND)
    page = await visitor.get(ALICE)

    await save(visitor, page, **line(1, BOB_LAMP), **line(2, DND), press=press)

    assert {str(key.kind): key.position for key in await plan(served)} == positions


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (line(1, position="2", kind="blf", value="x"), "2: value 'x' of kind blf"),
        (line(1, position="0", kind="dnd"), "0: position '0': expected 1 to 200"),
        (line(1, position="2", kind=""), "2: kind '': expected blf"),
        (line(1, position="2", kind="dnd") | line(2, DND, position="2"), "2 is given"),
        (line(1, DND) | {"press": "up 9"}, "It is not there any more."),
    ],
)
async def test_a_wrong_key_is_told_and_nothing_saved(
    served: Served, fields: dict[str, str], said: str
) -> None:
    visitor = await served.logged_in()
    await give(served, BOB_LAMP)
    page = await visitor.get(ALICE)

    refused = await save(visitor, page, **fields)

    assert refused.has(said)
    assert refused.status == 409
    assert await plan(served) == [BOB_LAMP]


async def test_of_two_who_change_her_keys_the_second_is_told(served: Served) -> None:
    visitor = await served.logged_in()
    page = await visitor.get(ALICE)
    await save(visitor, page, **line(1, DND))

    late = await save(visitor, page, **line(1, BOB_LAMP))

    assert (late.status, late.has("Somebody else has changed this")) == (409, True)
    assert 'value="dnd" selected' in late.text
    assert await plan(served) == [DND]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/users/default/999", 404),
        ("/users/nope/100", 404),
        ("/users/default/%00", 400),
        ("/users/default/%25", 404),
    ],
)
async def test_nobody_is_said_to_be_missing(
    served: Served, path: str, status: int
) -> None:
    visitor = await served.logged_in()

    assert (await visitor.get(path)).status == status
