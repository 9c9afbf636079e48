"""The virtual snom asks its network for the URL of its settings."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.lab import pnp
from tests.lab.pnp import BadPnp
from tests.lab.sip import Address, Request
from tests.lab.snom import VirtualSnom
from tests.unit.lab_web import XML, LabWeb, serving
from tests.unit.pnp_server import SETTINGS, Change, PnpServer

ROOT = Path(__file__).resolve().parents[2]
PHONE = pnp.Phone("000413AABBCC", "snom", "snomD785", "10.1.198.19")


@pytest.fixture
async def web() -> AsyncIterator[LabWeb]:
    async with serving() as web:
        web.answers["/settings"] = (200, "text/xml", XML + SETTINGS)
        yield web


@asynccontextmanager
async def answering(
    url: str, change: Change = lambda notify: None
) -> AsyncIterator[tuple[PnpServer, Address]]:
    """A PnP server, and the address that stands for the multicast group."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: PnpServer(url, change), local_addr=("127.0.0.1", 0)
    )
    host, port = transport.get_extra_info("sockname")
    try:
        yield server, (host, port)
    finally:
        transport.close()


async def test_snom_fetches_what_pnp_names(web: LabWeb) -> None:
    async with (
        answering(web.url("/settings")) as (server, group),
        VirtualSnom.by_pnp("00:04:13:aa:bb:cc", group) as snom,
    ):
        assert "Found by PnP" in snom.display()
    (asked,) = server.asked
    assert asked.uri == "sip:MAC%3a000413AABBCC@127.0.0.1"
    assert asked.header("Event") == (
        'ua-profile;profile-type="device";vendor="snom";model="snomD785";'
        'version="10.1.198.19"'
    )
    assert asked.branch == ""


async def test_snom_answers_the_notify(web: LabWeb) -> None:
    async with answering(web.url("/settings")) as (server, group):
        await pnp.discover(PHONE, group, "127.0.0.1")
        await server.changes.until(lambda: server.answers, 5, lambda: "an answer")
    assert server.answers == ["200 NOTIFY"]


async def test_nobody_answers() -> None:
    async with answering("") as (_, group):
        pass
    with pytest.raises(TimeoutError, match="no PnP server"):
        await pnp.discover(PHONE, group, "127.0.0.1", within=0.1)


async def test_silence_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pnp, "PAUSES", (0.01, 0.01))
    async with answering("http://127.0.0.1/") as (server, group):
        server.deaf_to = 2
        assert await pnp.discover(PHONE, group, "127.0.0.1") == "http://127.0.0.1/"
    assert len({request.encode() for request in server.asked}) == 1


def spoilt(name: str, value: str) -> Change:
    return lambda notify: notify.set(name, value)


def to_elsewhere(notify: Request) -> None:
    notify.uri = "sip:127.0.0.1:9"


def without_url(notify: Request) -> None:
    notify.body = b"/settings"


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        (spoilt("Event", "dialog"), "NOTIFY for 'dialog'"),
        (spoilt("Subscription-State", "active;expires=9"), "is 'active'"),
        (spoilt("Subscription-State", "terminated"), "without a reason"),
        (spoilt("Content-Type", "message/external-body"), "external-body"),
        (spoilt("From", "<sip:x@127.0.0.1>;tag=other"), "of another dialog"),
        (spoilt("To", "<sip:x@127.0.0.1>"), "of another dialog"),
        (to_elsewhere, "not to the Contact"),
        (without_url, "no http or https URL"),
    ],
)
async def test_snom_takes_no_other_notify(change: Change, culprit: str) -> None:
    async with answering("http://127.0.0.1/", change) as (_, group):
        with pytest.raises(BadPnp, match=culprit):
            await pnp.discover(PHONE, group, "127.0.0.1")


def test_snom_finds_its_server_by_multicast() -> None:
    alone = ["unshare", "-rn", sys.executable, "-m", "tests.unit.pnp_server"]
    done = subprocess.run(alone, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, f"a network of its own is needed: {done.stderr}"
    assert done.stdout.split() == [
        "sip:MAC%3a000413000001@224.0.1.75",
        "snomD785",
        *["Found", "by", "PnP", "Not", "registered"],
    ]
