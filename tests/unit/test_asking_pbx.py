"""The doctor asks Asterisk with the service's rights, and copes with any answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.doctor.asking_pbx import over_ami, over_ari
from asterisk_hotdesk.doctor.facts import LiveContext
from asterisk_hotdesk.errors import Unavailable
from tests.unit.grown_pbx import user
from tests.unit.test_ami import Answer, FakePbx, Session, listed, refused, success

DIALPLAN = {
    "internal": (
        "Context: internal\r\nExtension: _*7X\r\nPriority: 1\r\nRegistrar: pbx_ael",
        "Context: internal\r\nExtension: 200\r\nPriority: hint\r\nRegistrar: x",
        "Context: internal\r\nIncludeContext: apps,9:00-17:00,*,*,*",
        "Context: internal\r\nIncludeContext: hotdesk-codes",
        "Context: internal\r\nSwitch: Realtime/@",
    ),
    "apps": ("Context: apps\r\nIncludeContext: internal",),
    "hotdesk-codes": (),
}


def show_dialplan(session: Session, action: dict[str, str]) -> str | bytes | None:
    """Answer as Asterisk does."""
    found = DIALPLAN.get(action["context"])
    if found is None:
        return refused("Did not find context")(session, action)
    return listed("ListDialplan", *found)(session, action)


ANSWERS: dict[str, Answer] = {
    "Login": success("Authentication accepted"),
    "ListCommands": success(
        "x",
        "DBPut: Put DB entry.  (Priv: system,all)",
        "ShowDialPlan: Show dialplan.  (Priv: config,reporting,all)",
        "ExtensionState: Check Extension Status.  (Priv: call,reporting,all)",
    ),
    "ShowDialPlan": show_dialplan,
    "ExtensionState": success("Extension Status", "Hint: PJSIP/HD0001", "Status: 0"),
}


def config(*, ami_port: int = 9, ari_url: str = "http://127.0.0.1:9") -> Config:
    """Return settings for an Asterisk there."""
    asterisk = {"ami_port": ami_port, "ari_url": ari_url}
    secrets = {"ari_password": "s3cret", "ami_secret": "s3cret"}
    return Config.model_validate({"asterisk": {**asterisk, **secrets}})


async def test_contexts_are_followed_and_ours_are_not() -> None:
    pbx = FakePbx(ANSWERS)
    async with pbx.listening():
        seen = await over_ami(config(ami_port=pbx.port), {"internal", "gone"}, [])
    assert seen.contexts == {
        "hotdesk-codes": LiveContext({}),
        "gone": None,
        "internal": LiveContext(
            {"_*7X": "pbx_ael"},
            ("apps,9:00-17:00,*,*,*", "hotdesk-codes"),
            ("Realtime/@",),
        ),
        "apps": LiveContext({}, ("internal",)),
    }


async def test_hints_of_some_users_are_looked_at() -> None:
    pbx = FakePbx(ANSWERS)
    people = [user(f"{n}") for n in range(100, 200)]
    async with pbx.listening():
        seen = await over_ami(config(ami_port=pbx.port), (), people)
    assert seen.hints["default/100"] == "PJSIP/HD0001"
    assert len(seen.hints) == 20


async def test_what_is_not_allowed_is_not_asked_for() -> None:
    only_system = success("x", "DBPut: Put DB entry.  (Priv: system,all)")
    pbx = FakePbx({**ANSWERS, "ListCommands": only_system})
    async with pbx.listening():
        seen = await over_ami(config(ami_port=pbx.port), {"internal"}, [user("100")])
    assert "dbput" in seen.actions
    assert (seen.contexts, seen.hints) == ({}, {})
    assert pbx.last.asked() == ["ListCommands"]


async def test_a_wrong_secret_is_said() -> None:
    pbx = FakePbx({**ANSWERS, "Login": refused("Authentication failed")})
    async with pbx.listening():
        with pytest.raises(Unavailable, match=r"manager\.conf"):
            await over_ami(config(ami_port=pbx.port), (), [])


@pytest.fixture
def another_server() -> Iterator[str]:
    """Yield the URL of a server that answers JSON, but not as Asterisk does."""

    class Another(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"hello": "world"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Another)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_somebody_else_at_the_address_of_ari(another_server: str) -> None:
    with pytest.raises(Unavailable, match="is not Asterisk's ARI"):
        await over_ari(config(ari_url=another_server))
