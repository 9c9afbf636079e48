"""A program at the PBX that knows nothing but AMI: sockets, headers, blank lines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Headers = dict[str, str]


class AmiClient:
    """One AMI login, and all that it was told since."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._news = asyncio.Event()
        self.heard: list[Headers] = []
        """All messages; names of headers as they were sent, the first of each."""

    def send(self, *lines: str | bytes) -> None:
        """Send *lines* as one message."""
        raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
        self._writer.write(b"\r\n".join([*raw, b"", b""]))

    def ask(self, event: str, *lines: str) -> None:
        """Send a UserEvent."""
        self.send("Action: UserEvent", f"UserEvent: {event}", *lines)

    async def hears(self, name: str, within: float = 10, **headers: str) -> Headers:
        """Return the first user event *name* that says what *headers* say."""
        return await self.until({"UserEvent": name} | headers, within)

    async def until(self, wanted: Headers, within: float = 10) -> Headers:
        """Return the first message with the headers *wanted*."""
        deadline = time.monotonic() + within
        while True:
            self._news.clear()
            for message in self.heard:
                if wanted.items() <= message.items():
                    return message
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._news.wait()
            except TimeoutError:
                said = [m for m in self.heard if "UserEvent" in m]
                raise AssertionError(f"no {wanted} in {said}") from None

    def user_events(self, name: str) -> list[Headers]:
        """Return the user events *name* that were heard so far, in order."""
        return [m for m in self.heard if m.get("UserEvent") == name]

    async def listen(self) -> None:
        """Keep what is told, until the connection ends."""
        while block := await self._reader.readuntil(b"\r\n\r\n"):
            message: Headers = {}
            for line in block.decode(errors="replace").splitlines():
                name, colon, value = line.partition(": ")
                if colon:
                    message.setdefault(name, value)
            self.heard.append(message)
            self._news.set()


@asynccontextmanager
async def ami_login(
    host: str, port: int, username: str, secret: str
) -> AsyncIterator[AmiClient]:
    """Yield a client that has logged in and hears events."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 24)
    client = AmiClient(reader, writer)
    client.send("Action: Login", f"Username: {username}", f"Secret: {secret}")
    listening = asyncio.create_task(client.listen())
    try:
        await client.until({"Response": "Success"})
        yield client
    finally:
        listening.cancel()
        await asyncio.wait([listening])
        writer.close()
