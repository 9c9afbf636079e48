"""What other sites, other networks and broken requests get: nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from asterisk_hotdesk.store import Database
from asterisk_hotdesk.web.admin import site
from tests.postgres.office import DESKS
from tests.web.conftest import PASSWORD, Served

OUT = f"/desks/{DESKS[0]}/logout"


async def test_every_answer_forbids_what_our_pages_do_not_need(served: Served) -> None:
    visitor = await served.logged_in()
    paths = ["/desks", "/login", "/nowhere", "/api/v1/desks", "/healthz"]

    for path in [*paths, *(file.path for file in served.site.files)]:
        headers = (await visitor.get(path)).headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert "default-src 'none'" in policy
        assert not any("unsafe" in part for part in policy)
        assert {"frame-ancestors 'none'", "base-uri 'none'"} <= {*policy}
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Server" not in headers
        kept = path.startswith("/static/")
        assert ("no-store" in headers["Cache-Control"]) != kept


async def test_pages_hold_no_code_and_no_style_of_their_own(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", DESKS[0])

    for path in ("/desks", OUT, f"/desks/{DESKS[0]}/login", "/account"):
        text = (await visitor.get(path)).text
        assert " style=" not in text
        assert "<style" not in text
        assert not re.search(r"<[^>]* on[a-z]+=", text)
        assert text.count("<script") == text.count("<script src=") == 1
        assert "http://" not in text.replace(visitor.base_url, "")


async def test_the_cookie_is_for_us_alone(served: Served) -> None:
    await served.add("anna")
    visitor = await served.visitor()
    form = {"name": "anna", "password": PASSWORD}

    async with visitor.client.post(
        f"{visitor.base_url}/login",
        data=form,
        headers={"Origin": visitor.base_url},
        allow_redirects=False,
    ) as answer:
        cookie = answer.headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {*cookie.split("; ")}
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("origin", "token"),
    [
        ("https://evil.example", None),
        ("null", None),
        ("", None),
        (None, ""),
        (None, "0" * 64),
    ],
)
async def test_forms_from_elsewhere_change_nothing(
    served: Served, origin: str | None, token: str | None
) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", DESKS[0])
    form = (await visitor.get(OUT)).hidden(OUT)

    refused = await visitor.send(
        OUT,
        form | ({} if token is None else {"form_token": token}),
        **({} if origin is None else {"Origin": origin}),
    )

    assert refused.status == 403
    assert refused.has("Nothing was changed.", visitor.base_url)
    assert await served.office.sitting() == {DESKS[0]: "100"}


async def test_another_site_cannot_log_a_browser_in(served: Served) -> None:
    await served.add("anna")
    visitor = await served.visitor()

    refused = await visitor.send(
        "/login",
        {"name": "anna", "password": PASSWORD},
        Origin="https://evil.example",
    )

    assert refused.status == 403
    assert (await visitor.get("/desks")).path == "/login?then=/desks"


async def test_a_form_that_is_too_large_is_refused_in_words(served: Served) -> None:
    visitor = await served.logged_in()

    refused = await visitor.send("/account/language", {"language": "x" * 300_000})

    assert refused.status == 413
    assert refused.has("That was too much at once.")


async def test_without_the_database_the_page_says_so(
    served: Served, database: Database
) -> None:
    visitor = await served.logged_in()
    await database.close()

    away = await visitor.get("/desks")

    assert away.status == 503
    assert away.has("The database does not answer.")


class TestFromElsewhere:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"allowed_networks": ["192.0.2.0/24"]}

    async def test_whoever_asks_from_another_network_gets_nothing(
        self, served: Served
    ) -> None:
        visitor = await served.visitor()

        for path in ("/login", "/healthz", "/api/v1/desks"):
            nothing = await visitor.get(path)
            assert (nothing.status, nothing.text) == (404, "404: Not Found")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=nonsense", b"name=anna"),
        ("application/x-www-form-urlencoded", b"name=\xff\xfe"),
        ("multipart/form-data", b"name=anna"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ],
)
async def test_what_is_no_form_is_no_mistake_of_ours(
    served: Served, content_type: str, body: bytes
) -> None:
    visitor = await served.visitor()
    headers = {"Origin": visitor.base_url, "Content-Type": content_type}

    async with visitor.client.post(
        f"{visitor.base_url}/login", data=body, headers=headers
    ) as answer:
        assert answer.status in (400, 403)


async def test_a_form_that_never_ends_is_not_waited_for(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "BODY_SECONDS", 0.1)
    visitor = await served.visitor()
    where = urlsplit(visitor.base_url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)

    writer.write(
        f"POST /login HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 99\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\nna".encode()
    )
    first = await asyncio.wait_for(reader.readline(), 10)
    writer.close()

    assert first.split()[1] == b"408"


async def test_an_address_to_go_on_to_that_is_none_leads_to_the_first_page(
    served: Served,
) -> None:
    await served.add("anna")
    visitor = await served.visitor()

    assert (await visitor.get("/login?then=//[")).status == 200
