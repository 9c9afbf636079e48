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
from asterisk_hotdesk.enrolment import Admitted, Request
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Desk, PhoneKind, Switch
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.web import Configurations, Signs, listening, phones_app, tls
from tests.unit.test_phones import USED

MAC = "000413000001"
STRANGER = "000413ffffff"
TOKEN, WRONG_TOKEN = "a" * 40, "b" * 40
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
class FakeEnrolment:
    """One phone that may fetch, and what was asked for it and for others."""

    asked: list[Request] = field(default_factory=list)
    strangers: list[tuple[str, str, str, str]] = field(default_factory=list)
    sweeps: list[str] = field(default_factory=list)
    desk: Desk = DESK
    steady: str = TOKEN
    """What the phone is told to use from now on."""
    reads: bool = True
    broken: bool = False

    async def admit(self, request: Request) -> Admitted | None:
        self.asked.append(request)
        if self.broken:
            raise RuntimeError("a mistake of ours")
        if not self.reads:
            raise Unavailable("connection refused: password=s3cret")
        if (request.mac, request.token, request.believable) != (MAC, TOKEN, True):
            return None
        return Admitted(desk=self.desk, keys=(), token=self.steady)

    async def opens(self, mac: str, token: str) -> Desk | None:
        return self.desk if (mac, token) == (MAC, TOKEN) else None

    async def note_stranger(
        self, mac: str, kind: PhoneKind, *, address: str, by: str
    ) -> None:
        self.strangers.append((mac, kind.model, address, by))

    async def note_sweep(self, address: str) -> None:
        self.sweeps.append(address)


@dataclass
class FakeProof:
    """What phones have proven."""

    fetches: list[tuple[str, int, str, str]] = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    starts: list[str] = field(default_factory=list)
    registrations: list[str] = field(default_factory=list)

    def fetched(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        self.fetches.append((device_name, generation, user_agent, address))
        self.happened.set()

    def started(self, device_name: str) -> None:
        self.starts.append(device_name)

    def note_registered(self, device: str) -> None:
        self.registrations.append(device)

    async def one_fetch(self) -> tuple[str, int, str, str]:
        """Return the only fetch, once there is one: it is noted after the answer."""
        await asyncio.wait_for(self.happened.wait(), 5)
        (fetch,) = self.fetches
        return fetch


@dataclass
class Server:
    """What we serve on 127.0.0.1, asked as curl or as telnet would."""

    port: int
    enrolment: FakeEnrolment
    proof: FakeProof
    configurations: Configurations
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
async def serving(
    patience_seconds: float = 10, config: Config = CONFIG
) -> AsyncIterator[Server]:
    enrolment, proof = FakeEnrolment(), FakeProof()
    configurations = Configurations(config, enrolment, proof)
    app = phones_app(
        configurations,
        Signs(Networks(config.provisioning.allowed_networks), enrolment, proof, proof),
    )
    async with (
        listening(
            app,
            "127.0.0.1",
            0,
            encryption=tls(config.provisioning),
            patience_seconds=patience_seconds,
        ) as port,
        aiohttp.ClientSession() as client,
    ):
        yield Server(port, enrolment, proof, configurations, client)


def path_of(mac: str, token: str = TOKEN) -> str:
    """Return the path of the phone with *mac*."""
    return f"/p/{token}/{mac}.xml"
