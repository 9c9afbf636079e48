"""Users, keys, devices, phones and the history by the API."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.store import discovered
from tests.postgres.office import DESKS
from tests.web.conftest import Served

USERS, DESK = "/api/v1/users", f"/api/v1/desks/{DESKS[0]}"
ALICE = f"{USERS}/default/100"
DND = {"position": 3, "kind": "dnd", "value": "", "label": "", "priority": 5}
MAC = "000413aabbcc"


async def test_users_are_listed_and_shown(served: Served) -> None:
    program = await served.program("viewer")
    await served.office.log_in("100", DESKS[0])

    _, found = await program.ask_api(f"{USERS}?only=sitting")
    status, shown = await program.ask_api(ALICE)

    assert status == 200
    assert found["users"] == [shown]
    assert found["counts"] == {"all": 6, "sitting": 1, "allowed": 6, "denied": 0}
    assert (shown["device"], shown["pin_set"]) == (DESKS[0], True)
    assert "pin_hash" not in shown


async def test_a_user_is_changed_unless_somebody_else_has(served: Served) -> None:
    program = await served.program()
    _, seen = await program.ask_api(ALICE)
    edit = {"name": "Alice", "ringtone": 3, "may_log_others_out": True}
    edit |= {"version": seen["version"]}

    status, changed = await program.ask_api(ALICE, edit, "PATCH")
    late, problem = await program.ask_api(ALICE, edit | {"name": "A"}, "PATCH")
    _, quiet = await program.ask_api(ALICE, {"ringtone": 0}, "PATCH")

    assert (status, changed["name"], changed["ringtone"]) == (200, "Alice", 3)
    assert changed["may_log_others_out"]
    assert (late, problem["code"]) == (409, "conflict")
    assert (quiet["name"], quiet["ringtone"]) == ("Alice", None)


async def test_many_are_allowed_or_denied(served: Served) -> None:
    program = await served.program()
    await served.office.log_in("100", DESKS[0])

    answered = await program.ask_api(
        f"{USERS}/permission", {"extensions": ["101", "100", "999"], "allowed": False}
    )

    sitting = [{"extension": "100", "device": DESKS[0]}]
    assert answered == (200, {"extensions": ["101", "100"], "sitting": sitting})
    assert not (await served.office.user("100")).allowed


async def test_a_key_plan_is_said_as_a_whole(served: Served) -> None:
    program = await served.program()
    _, empty = await program.ask_api(f"{ALICE}/keys")

    wanted = {"keys": [DND], "version": empty["version"]}
    status, plan = await program.ask_api(f"{ALICE}/keys", wanted, "PUT")
    late, problem = await program.ask_api(f"{ALICE}/keys", wanted, "PUT")

    assert (status, plan["keys"]) == (200, [DND])
    assert (late, problem["code"]) == (409, "conflict")
    assert (await program.ask_api(f"{ALICE}/keys"))[1] == plan


async def test_wrong_pins_are_forgotten(served: Served) -> None:
    program = await served.program("operator")

    assert await program.ask_api(f"{ALICE}/unlock", {}) == (200, {"forgotten": 0})


async def test_a_device_is_disabled_unless_somebody_has_come(served: Served) -> None:
    program = await served.program()
    _, seen = await program.ask_api(DESK)
    await served.office.log_in("100", DESKS[0])
    wanted = {"enabled": False, "generation": seen["generation"]}

    late, problem = await program.ask_api(f"{DESK}/enabled", wanted, "PUT")
    done = await program.ask_api(f"{DESK}/enabled", {"enabled": False}, "PUT")

    assert (late, problem["code"]) == (409, "conflict")
    expected = {"device": DESKS[0], "enabled": False, "logged_out": ["100"]}
    assert done == (200, expected)


async def test_the_steps_of_switches_are_told(served: Served) -> None:
    program = await served.program("viewer")
    await served.office.log_in("100", DESKS[0])
    await served.office.log_out(DESKS[0])

    _, told = await program.ask_api(f"{DESK}/switches?most=5")

    out, entered = told["switches"]
    assert (out["extension"], entered["extension"]) == (None, "100")
    assert entered["decided_at"] == "2026-01-02T08:00:00Z"
    assert out["generation"] > entered["generation"]


async def test_a_discovered_phone_is_assigned(served: Served) -> None:
    program = await served.program("operator")
    async with served.office.database.transaction() as tx:
        await discovered.note(
            tx,
            MAC,
            PhoneKind(vendor="snom"),
            address="192.0.2.4",
            by="http",
            now=served.office.now,
        )
    _, found = await program.ask_api("/api/v1/phones")
    assign = f"/api/v1/phones/{MAC}/assign"

    taken, problem = await program.ask_api(assign, {"device": DESKS[0]})
    done = await program.ask_api(assign, {"device": DESKS[0], "replace": True})

    assert [phone["mac"] for phone in found["phones"]] == [MAC]
    assert (taken, problem["code"]) == (409, "already_exists")
    assert done == (200, {"mac": MAC, "device": DESKS[0]})


async def test_the_history_is_told_piece_by_piece(served: Served) -> None:
    program = await served.program("viewer")
    for extension in ("100", "101", "102"):
        await served.office.log_in(extension, DESKS[0])
    path = "/api/v1/history?what=login&most=2"

    _, newest = await program.ask_api(path)
    _, older = await program.ask_api(f"{path}&before={newest['next_before']}")

    assert [one["extension"] for one in newest["events"]] == ["102", "101"]
    assert [one["extension"] for one in older["events"]] == ["100"]
    assert older["next_before"] is None
    assert older["events"][0]["text"] == "logged in"


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "said"),
    [
        ("PATCH", ALICE, {}, 422, "Say what should change."),
        ("PATCH", ALICE, {"context": "outside"}, 422, "context: Extra inputs"),
        ("PATCH", ALICE, {"name": 'A" <1>'}, 422, "name 'A\" <1>': expected"),
        ("PATCH", f"{USERS}/default/999", {"name": "A"}, 404, "There is no user 999"),
        (
            "PUT",
            f"{ALICE}/keys",
            {"keys": [DND, DND]},
            422,
            "position 3 is given twice",
        ),
        (
            "PUT",
            f"{ALICE}/keys",
            {"keys": [DND | {"kind": "blf"}]},
            422,
            "of kind blf: expected digits",
        ),
        ("PUT", f"{ALICE}/keys", {"keys": [{"position": 0, "kind": "dnd"}]}, 422, ""),
        ("GET", "/api/v1/history?since=yesterday", None, 422, "since: "),
        ("GET", "/api/v1/history?since=2026-01-01T00:00:00", None, 422, "since: "),
        ("GET", "/api/v1/desks/NOPE/switches", None, 404, "There is no device NOPE."),
        (
            "POST",
            f"{USERS}/permission",
            {"extensions": ["999"], "allowed": True},
            404,
            "There is no user 999",
        ),
        ("POST", "/api/v1/phones/x/assign", {"device": "HD1"}, 422, "MAC address 'x'"),
    ],
)
async def test_what_is_wrong_is_told(
    served: Served, method: str, path: str, content: object, status: int, said: str
) -> None:
    program = await served.program()

    answered, problem = await program.ask_api(path, content, method)

    assert answered == status
    assert said in problem["detail"]


async def test_answers_look_as_the_document_says(served: Served) -> None:
    program = await served.program()
    _, described = await program.ask_api("/api/openapi.json")
    await served.office.log_in("100", DESKS[0])
    one = "/api/v1/users/{account}/{extension}"
    desk = "/api/v1/desks/{device}"
    asked: list[tuple[str, str, str, object]] = [
        ("GET", USERS, USERS, None),
        ("GET", one, ALICE, None),
        ("PATCH", one, ALICE, {"name": "Alice"}),
        ("PUT", f"{one}/keys", f"{ALICE}/keys", {"keys": [DND]}),
        ("GET", f"{one}/keys", f"{ALICE}/keys", None),
        ("POST", f"{one}/unlock", f"{ALICE}/unlock", {}),
        ("GET", f"{desk}/switches", f"{DESK}/switches", None),
        ("PUT", f"{desk}/enabled", f"{DESK}/enabled", {"enabled": True}),
        ("GET", "/api/v1/phones", "/api/v1/phones", None),
        ("GET", "/api/v1/history", "/api/v1/history", None),
    ]
    for method, path, address, content in asked:
        status, answer = await program.ask_api(address, content, method)
        assert status == 200
        jsonschema.validate(answer, schema(described, method, path))


def schema(described: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    answer = described["paths"][path][method.lower()]["responses"]["200"]
    (kind,) = answer["content"].values()
    return {**kind["schema"], "components": described["components"]}
