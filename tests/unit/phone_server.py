"""Our HTTP server on 127.0.0.1 with one known phone, asked as curl or telnet would."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import aiohttp

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Desk, Switch
from asterisk_hotdesk.web import listening, provisioning_app, provisioning_token
from tests.unit.test_phones import DEVICE, USED

KEY = b"k" * 32
MAC = DEVICE.mac
STRANGER = "000413ffffff"
CONFIG = Config.model_validate(
    {
        "asterisk": {"ari_password": "x", "ami_secret": "y"},
        "provisioning": {"base_url": "https://phones.example/hd"},
    }
)
DESK = replace(
    USED, switch=Switch(id=42, device_id=1, login_id=1, decided_at=datetime.now(UTC))
)


@dataclass
class FakeStore:
    """One desk, and the fetches that were noted."""

    fetches: list[tuple[str, int, str, str]] = field(default_factory=list)
    fetched: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    reads: bool = True
    writes: bool = True
    broken: bool = False

    async def desk_by_mac(self, mac: str) -> Desk | None:
        self.asked.append(mac)
        if self.broken:
            raise RuntimeError("a mistake of ours")
        if not self.reads:
            raise Unavailable("connection refused: password=s3cret")
        return DESK if mac == MAC else None

    async def note_fetch(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        if not self.writes:
            raise Unavailable("connection refused: password=s3cret")
        self.fetches.append((device_name, generation, user_agent, address))
        self.fetched.set()

    async def one_fetch(self) -> tuple[str, int, str, str]:
        """Return the only fetch, once there is one: it is noted after the answer."""
        await asyncio.wait_for(self.fetched.wait(), 5)
        (fetch,) = self.fetches
        return fetch


@dataclass
class Server:
    """What we serve on 127.0.0.1, asked as curl or as telnet would."""

    port: int
    store: FakeStore
    client: aiohttp.ClientSession

    async def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        """Return status, headers and text of the answer."""
        async with self.client.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers
        ) as response:
            return response.status, response.headers, await response.text()

    async def send(self, request: bytes) -> bytes:
        """Send *request* as it is and return all that comes back until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), 15)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def get_as_it_is(self, path: bytes) -> bytes:
        """Ask for *path* without any normalisation; the date is cut out."""
        answer = await self.send(
            b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        return re.sub(rb"Date: [^\r]*\r\n", b"", answer)


@asynccontextmanager
async def serving(patience_seconds: float = 10) -> AsyncIterator[Server]:
    store = FakeStore()
    app = provisioning_app(store, CONFIG, KEY)
    async with (
        listening(app, "127.0.0.1", 0, patience_seconds=patience_seconds) as port,
        aiohttp.ClientSession() as client,
    ):
        yield Server(port, store, client)


def path_of(mac: str, token: str | None = None) -> str:
    """Return the right path of the phone with *mac*, or one with another *token*."""
    return f"/p/{token or provisioning_token(KEY, mac.lower())}/{mac}.xml"
