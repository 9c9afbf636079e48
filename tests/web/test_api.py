"""The API: the same as the pages, for programs, and described as it is."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from asterisk_hotdesk.web.admin.api import openapi
from tests.postgres.office import DESKS
from tests.web.conftest import Served

FIRST, SECOND, _ = DESKS
DESK = "/api/v1/desks"


async def test_a_program_sees_who_sits_where(served: Served) -> None:
    program = await served.program("viewer")
    await served.office.log_in("100", FIRST)

    status, found = await program.ask_api(f"{DESK}?only=used")
    _, shown = await program.ask_api(f"{DESK}/{FIRST}")

    assert status == 200
    assert [desk["device"] for desk in found["desks"]] == [FIRST]
    assert found["counts"]["idle"] == 3
    assert (found["page"], found["pages"]) == (1, 1)
    assert shown == found["desks"][0]
    assert (shown["extension"], shown["in_force"], shown["confirmed"]) == (
        "100",
        True,
        False,
    )
    assert shown["since"] == "2026-01-02T08:00:00Z"


async def test_a_program_logs_people_in_and_out(served: Served) -> None:
    program = await served.program("operator")

    entered = await program.ask_api(f"{DESK}/{FIRST}/login", {"extension": "100"})
    left = await program.ask_api(f"{DESK}/{FIRST}/logout", {})

    done = {"device": FIRST, "extension": "100", "name": "User default/100"}
    assert entered == (200, done | {"in_force": True})
    assert left == entered
    told = [("", "api", "program-operator", "127.0.0.1", "User default/100")]
    assert await served.told("login") == told


async def test_what_has_changed_since_the_program_looked_is_left_alone(
    served: Served,
) -> None:
    program = await served.program()
    await served.office.log_in("100", FIRST)
    _, seen = await program.ask_api(f"{DESK}/{FIRST}")
    await served.office.log_in("101", FIRST)

    status, problem = await program.ask_api(
        f"{DESK}/{FIRST}/logout", {"generation": seen["generation"]}
    )

    assert (status, problem["code"]) == (409, "conflict")
    assert "now 101 User default/101 is logged in there" in problem["detail"]
    assert await served.office.sitting() == {FIRST: "101"}


@pytest.mark.parametrize(
    ("path", "content", "status", "code", "said"),
    [
        (f"{DESK}?page=x", None, 422, "invalid", "page: "),
        (f"{DESK}?pages=1", None, 422, "invalid", "pages: Extra inputs"),
        (f"{DESK}/NOPE", None, 404, "not_found", "There is no device NOPE."),
        (f"{DESK}/{FIRST}/login", {}, 422, "invalid", "extension: Field required"),
        (f"{DESK}/{FIRST}/login", [], 422, "invalid", "the content: "),
        (f"{DESK}/{FIRST}/login", {"extension": 1}, 422, "invalid", "extension: "),
        (
            f"{DESK}/{FIRST}/login",
            {"extension": "999"},
            404,
            "not_found",
            "There is no user 999",
        ),
        (f"{DESK}/{FIRST}/logout", {}, 409, "nobody_logged_in", "Nobody is logged in"),
    ],
)
async def test_what_is_wrong_is_told_as_a_problem(
    served: Served, path: str, content: object, status: int, code: str, said: str
) -> None:
    program = await served.program()

    answered, problem = await program.ask_api(path, content)

    assert (answered, problem["status"], problem["code"]) == (status, status, code)
    assert said in problem["detail"]


async def test_what_is_not_json_is_told(served: Served) -> None:
    program = await served.program()
    path = f"{program.base_url}{DESK}/{FIRST}/login"

    for sent in (b"{", b"\xff", b"[" * 100_000):
        async with program.client.post(
            path, data=sent, headers=program.headers
        ) as answer:
            assert answer.content_type == "application/problem+json"
            assert json.loads(await answer.text())["code"] in ("not_json", "invalid")


async def test_a_removed_token_opens_nothing(served: Served) -> None:
    program = await served.program()
    await served.office.rows("DELETE FROM api_tokens RETURNING 1")

    assert (await program.ask_api(DESK))[0] == 401


# The document ----------------------------------------------------------------------


async def document(served: Served) -> dict[str, Any]:
    status, content = await (await served.program("viewer")).ask_api(openapi.PATH)
    assert status == 200
    return dict(content)


async def test_the_document_is_valid(served: Served) -> None:
    assert [*OpenAPIV31SpecValidator(await document(served)).iter_errors()] == []


async def test_the_document_describes_what_is_served_and_nothing_else(
    served: Served,
) -> None:
    paths = (await document(served))["paths"]
    described = {(method.upper(), p) for p, on in paths.items() for method in on}

    served_too = {(route.method, route.path) for route in served.site.api}
    assert served_too - described == {("GET", openapi.PATH)}
    assert described <= served_too


async def test_answers_look_as_the_document_says(served: Served) -> None:
    described = await document(served)
    program = await served.program()
    await served.office.log_in("100", SECOND)
    asked: list[tuple[str, str, str, object]] = [
        ("GET", DESK, DESK, None),
        ("GET", f"{DESK}/{{device}}", f"{DESK}/{SECOND}", None),
        ("POST", f"{DESK}/{{device}}/logout", f"{DESK}/{SECOND}/logout", {}),
        ("POST", f"{DESK}/{{device}}/logout", f"{DESK}/{SECOND}/logout", {}),
        ("GET", f"{DESK}/{{device}}", f"{DESK}/NOPE", None),
    ]
    for method, path, address, content in asked:
        status, answer = await program.ask_api(address, content)
        (kind,) = described["paths"][path][method.lower()]["responses"][str(status)][
            "content"
        ].values()
        schema = {**kind["schema"], "components": described["components"]}
        jsonschema.validate(answer, schema)
