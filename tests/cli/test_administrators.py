"""`hotdesk admin`: who may use the web page and the API."""

from __future__ import annotations

import pytest

from tests.cli.command import Command
from tests.cli.conftest import Rows

PASSWORD = "correct horse battery"


@pytest.fixture
async def anna(hotdesk: Command) -> Command:
    await hotdesk.succeeds(
        "admin", "add", "anna", "--role", "operator", stdin=f"{PASSWORD}\n"
    )
    return hotdesk


async def test_an_administrator_is_added_and_listed(anna: Command, rows: Rows) -> None:
    assert await anna.json("admin", "list") == [
        {"name": "anna", "role": "operator", "language": ""}
    ]
    assert (await anna.succeeds("admin", "list")).out.split() == [
        *("Name", "Role", "Language"),
        *("anna", "operator", "-"),
    ]
    assert await rows("SELECT what, name, code, by FROM events") == [
        {"what": "admin_added", "name": "anna", "code": "operator", "by": "command"}
    ]
    (stored,) = await rows("SELECT password_hash FROM administrators")
    assert stored["password_hash"].startswith("$argon2id$")


async def test_adding_says_that_the_page_is_off(hotdesk: Command) -> None:
    done = await hotdesk.succeeds(
        "admin", "add", "anna", "--role", "admin", stdin=f"{PASSWORD}\n"
    )
    assert done.out == "Administrator anna added.\n"
    assert done.lines == [
        "the web page is off: set web.enabled = true, restart the service."
    ]


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("berta", "short", "12 to 200 characters"),
        ("berta", "", "There is no password on standard input."),
        ("Berta!", PASSWORD, "lower-case letters"),
        ("anna", PASSWORD, "exists already"),
        ("berta-is-the-name", "Berta-is-the-name", "is not the name"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    anna: Command, name: str, password: str, said: str
) -> None:
    refused = await anna(
        *("admin", "add", name, "--role", "admin"),
        stdin=f"{password}\n" if password else "",
    )
    assert refused.code == 1
    assert said in refused.err
    assert len(await anna.json("admin", "list")) == 1


async def test_role_and_language_can_be_changed(anna: Command) -> None:
    await anna.succeeds("admin", "edit", "anna", "--role", "admin")
    await anna.succeeds("admin", "edit", "anna", "--language", "de")
    assert await anna.json("admin", "list") == [
        {"name": "anna", "role": "admin", "language": "de"}
    ]
    assert (await anna("admin", "edit", "anna")).code == 2
    assert (await anna("admin", "edit", "berta", "--role", "admin")).lines == [
        "There is no administrator berta."
    ]


async def test_another_password(anna: Command, rows: Rows) -> None:
    before = await rows("SELECT password_hash FROM administrators")
    done = await anna.succeeds(
        "admin", "set-password", "anna", stdin="another good password\n"
    )
    assert done.out == "The password of anna is set.\n"
    assert await rows("SELECT password_hash FROM administrators") != before


async def test_an_administrator_goes(anna: Command) -> None:
    assert (await anna("admin", "remove", "anna", stdin="n\n")).code == 1
    await anna.succeeds("admin", "remove", "anna", "--yes")
    listed = await anna.succeeds("admin", "list")
    assert listed.out == "No administrators; see: hotdesk admin add --help\n"


async def test_a_token_is_shown_once_and_kept_as_a_hash(
    hotdesk: Command, rows: Rows
) -> None:
    done = await hotdesk.succeeds("admin", "token", "add", "wall", "--role", "viewer")
    token = done.out.strip()
    (known,) = await hotdesk.json("admin", "token", "list")
    assert token.startswith("hotdesk_")
    assert (known["name"], known["role"], known["used_at"]) == ("wall", "viewer", None)
    assert token not in str(await rows("SELECT * FROM api_tokens"))
    again = await hotdesk("admin", "token", "add", "wall", "--role", "viewer")
    assert again.lines == ["A token with this name exists already."]
    await hotdesk.succeeds("admin", "token", "remove", "wall", "--yes")
    assert await hotdesk.json("admin", "token", "list") == []
    gone = await hotdesk("admin", "token", "remove", "wall", "--yes")
    assert gone.lines == ["There is no token wall."]
