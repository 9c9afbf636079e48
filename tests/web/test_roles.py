"""Who may do what: every route, by everybody."""

from __future__ import annotations

import re

import pytest

from asterisk_hotdesk.model import Role
from tests.postgres.office import DESKS
from tests.web.conftest import Served
from tests.web.visitor import Visitor

ROLES = [*Role]


def path_of(pattern: str) -> str:
    named = {"device": DESKS[0], "extension": "100"}
    return re.sub(r"{(\w+)}", lambda name: named.get(name[1], "1"), pattern)


async def test_everything_that_is_served_says_who_may_have_it(served: Served) -> None:
    site = served.site
    declared: set[tuple[str, str]] = set()
    declared |= {(route.method, route.path) for route in site.routes}
    declared |= {(route.method, route.path) for route in site.api}
    public = {"/healthz", *(file.path for file in site.files)}

    routed = {
        (route.method, route.resource.canonical)
        for route in site.app().router.routes()
        if route.resource and route.method != "HEAD"
    }

    assert {(m, p) for m, p in routed if p not in public} == declared
    assert {p for m, p in routed if p in public} == public


async def may(visitor: Visitor, method: str, path: str) -> bool:
    """Return whether the request was let through, whatever became of it."""
    form = {}
    if method == "POST":
        page = await visitor.get("/account")
        form = page.hidden("/logout") if page.path == "/account" else {}
    async with visitor.client.request(
        method,
        visitor.base_url + path,
        data=form if method == "POST" else None,
        headers={"Origin": visitor.base_url},
        allow_redirects=False,
    ) as answer:
        sent_away = answer.headers.get("Location", "").startswith("/login")
        text = "" if "event-stream" in answer.content_type else await answer.text()
        return not sent_away and "Your role does not allow this." not in text


async def test_each_page_is_for_those_whose_role_suffices(served: Served) -> None:
    wrong = []
    for role in [None, *ROLES]:
        visitor = await (served.logged_in(role) if role else served.visitor())
        for route in served.site.routes:
            if route.path == "/logout":
                continue
            should = route.needs is None or (
                role is not None and role.covers(route.needs)
            )
            if await may(visitor, route.method, path_of(route.path)) != should:
                wrong.append((role, route.method, route.path))

    assert wrong == []


async def test_each_call_of_the_api_is_for_those_whose_role_suffices(
    served: Served,
) -> None:
    wrong = []
    for role in ROLES:
        program = await served.program(role)
        for route in served.site.api:
            status, content = await program.ask_api(
                path_of(route.path),
                None if route.method == "GET" else {},
                method=route.method,
            )
            refused = status == 403 and content["code"] == "not_permitted"
            if refused == role.covers(route.needs):
                wrong.append((role, route.method, route.path))

    assert wrong == []


@pytest.mark.parametrize("token", ["", "Bearer x", "Bearer hotdesk_x", "Basic YTpi"])
async def test_without_a_token_the_api_says_how_to_get_one(
    served: Served, token: str
) -> None:
    browser = await served.logged_in()

    for route in served.site.api:
        status, content = await browser.ask_api(
            path_of(route.path), method=route.method, Authorization=token
        )
        assert (status, content["code"]) == (401, "no_token")
        assert "hotdesk admin token" in content["detail"]
