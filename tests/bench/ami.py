"""`bench ami`: how fast what Asterisk tells becomes committed status.

Method, stream: a process of its own sends events of 1,000 phones over a socket as fast
as they are read: of each phone in turn, three states and a contact.
The floor is panoramisk alone, which parses the same bytes and calls an empty function.
Ours is the time until the last state is committed in PostgreSQL, our parsing, the
queue, the listener and its batched writes included.  Memory is this process's resident
set after a tenth of the events and after all.

Method, restart: a real Asterisk with 10,000 registered phones, which answer OPTIONS.
It is stopped, every tenth phone's contact is taken out of its AstDB (as if it had run
out meanwhile), and it is started again.  Time runs from the moment when Asterisk has
booted until PostgreSQL says of all 10,000 whether they are registered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import multiprocessing.connection
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from panoramisk import Manager

from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.pbx.mailboxes import Mailboxes
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.status import Listener
from asterisk_hotdesk.store import Database, devices
from tests.bench.office import Office, device_name, fill, open_office
from tests.bench.scale import resident_megabytes, until_written
from tests.lab.phone import Phone

PHONES = 1_000
ROUNDS = 3
EVENTS = 200_000
MANY_EVENTS = 1_000_000
LAST = device_name(0)
"""The phone whose last event ends the measurement."""

SIZE = 10_000
GONE = SIZE // 10
LONGEST_SECONDS = 120.0


async def main() -> None:
    """Measure, and print the figures with their method."""
    async with open_office() as office:
        await fill(office, range(PHONES))
        print(f"bench ami: {EVENTS} events of {PHONES} phones, best of {ROUNDS}")
        floor = [await bare(EVENTS) for _ in range(ROUNDS)]
        ours = [await until_committed(office.database, EVENTS) for _ in range(ROUNDS)]
        print(f"  floor, panoramisk alone       {EVENTS / min(floor):9,.0f} events/s")
        print(f"  socket to committed status    {EVENTS / min(ours):9,.0f} events/s")
        print(f"  ours to the floor             {min(ours) / min(floor):9.2f} times")
        await until_committed(office.database, MANY_EVENTS // 10)
        before = resident_megabytes(os.getpid())
        await until_committed(office.database, MANY_EVENTS)
        after = resident_megabytes(os.getpid())
        print(f"  memory, {MANY_EVENTS} events later  {before:.0f} → {after:.0f} MB")
    async with open_office() as office:
        await restarted(office)


# A stream --------------------------------------------------------------------


@contextlib.contextmanager
def streaming(events: int) -> Iterator[int]:
    """Yield the port where a process sends so many events to whoever logs in."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_stream, args=(theirs, events), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _stream(told: multiprocessing.connection.Connection, events: int) -> None:
    asyncio.run(_serve(told, events))


async def _serve(told: multiprocessing.connection.Connection, events: int) -> None:
    async def session(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        sending = None
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).decode()
                writer.write(_reply(asked))
                if sending is None:
                    sending = asyncio.create_task(_send(writer, events))

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    told.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _reply(asked: str) -> bytes:
    headers = dict(line.split(": ", 1) for line in asked.split("\r\n") if line)
    identity = f"ActionID: {headers['ActionID']}\r\n"
    if headers["Action"] == "PJSIPShowContacts":
        return (
            f"Response: Error\r\n{identity}Message: No Contacts found\r\n\r\n".encode()
        )
    if headers["Action"] == "DeviceStateList":
        return (
            f"Response: Success\r\n{identity}EventList: start\r\n"
            "Message: Device State Changes will follow\r\n\r\n"
            f"Event: DeviceStateListComplete\r\n{identity}EventList: Complete\r\n\r\n"
        ).encode()
    return f"Response: Success\r\n{identity}Message: OK\r\n\r\n".encode()


async def _send(writer: asyncio.StreamWriter, events: int) -> None:
    phones = [_told_of(device_name(number)) for number in range(PHONES)]
    per_round = 4 * PHONES
    block = "".join(phones).encode()
    with contextlib.suppress(ConnectionError):
        for _ in range(events // per_round):
            writer.write(block)
            await writer.drain()
        writer.write(_state(LAST, "RINGINUSE").encode())
        await writer.drain()


def _told_of(phone: str) -> str:
    """Return four events of one phone, as Asterisk 22 sends them."""
    return (
        _state(phone, "RINGING")
        + _state(phone, "INUSE")
        + "Event: ContactStatus\r\nPrivilege: system,all\r\n"
        f"URI: sip:{phone}@192.0.2.7:5060\r\nContactStatus: Reachable\r\n"
        f"AOR: {phone}\r\nEndpointName: {phone}\r\nRoundtripUsec: 3305\r\n\r\n"
        + _state(phone, "NOT_INUSE")
    )


def _state(phone: str, state: str) -> str:
    return (
        "Event: DeviceStateChange\r\nPrivilege: call,all\r\n"
        f"Device: PJSIP/{phone}\r\nState: {state}\r\n\r\n"
    )


async def bare(events: int) -> float:
    """Return how many seconds panoramisk needs for so many events."""
    last = asyncio.Event()

    def hear(_: Manager, event: Any) -> None:
        if event.state == "RINGINUSE":
            last.set()

    with streaming(events) as port:
        manager = Manager(host="127.0.0.1", port=port, username="x", secret="x")
        manager.register_event("*", hear)
        began = time.perf_counter()
        await manager.connect()
        await asyncio.wait_for(last.wait(), LONGEST_SECONDS)
        taken = time.perf_counter() - began
        manager.connection_lost = lambda _: None
        manager.close()
    return taken


async def until_committed(database: Database, events: int) -> float:
    """Return how many seconds pass until the last of so many events is committed."""
    with streaming(events) as port:
        ami = Ami("127.0.0.1", port, "x", "x", with_events=True)
        listener = _listener(ami, database)
        began = time.perf_counter()
        async with asyncio.timeout(LONGEST_SECONDS), _running(ami.run, listener.run):
            await _until(lambda: _is_in_call(database, LAST), True)
        taken = time.perf_counter() - began
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM device_status")
    return taken


def _listener(ami: Ami, database: Database) -> Listener:
    routes = Routes(ami, ami)

    def now() -> datetime:
        return datetime.now(UTC)

    return Listener(
        ami,
        database,
        Refresher(database, routes, per_second=1, now=now),
        MessageLamps(database, Mailboxes(ami, "x"), per_second=1),
        # Asterisk does not restart here.
        cast(Any, None),
        cast(Any, None),
        now,
    )


@contextlib.asynccontextmanager
async def _running(*parts: Callable[[], Any]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _is_in_call(database: Database, device: str) -> bool:
    async with database.transaction() as tx:
        rows = await tx.execute(
            "SELECT in_call FROM status WHERE device = %s AND in_call", [device]
        )
        return await rows.fetchone() is not None


# A restart -------------------------------------------------------------------


class Answering(asyncio.DatagramProtocol):
    """Phones that answer Asterisk's OPTIONS, all at one address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        """Answer with 200, over whatever was asked."""
        lines = data.split(b"\r\n")
        same = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")
        kept = [line for line in lines[1:] if line.lower().startswith(same)]
        answer = [b"SIP/2.0 200 OK", *kept, b"Content-Length: 0", b"", b""]
        self._transport.sendto(b"\r\n".join(answer), address)


async def restarted(office: Office) -> None:
    """Measure how soon the status is right after Asterisk restarted."""
    print(f"bench ami: Asterisk restarts with {SIZE} phones, {GONE} of them gone")
    await asyncio.to_thread(office.lab.start_service)
    await fill(office, range(SIZE))
    await until_written(office, SIZE)
    contact = await _contact_of(office, device_name(0))
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        Answering, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    everybody = {device_name(number) for number in range(SIZE)}
    staying = {device_name(number) for number in range(GONE, SIZE)}
    for what, there in (("all come", everybody), ("a tenth has gone", staying)):
        await asyncio.to_thread(office.pbx.stop)
        unknown = await _until(lambda: _registered(office), set())
        _write_contacts(office, contact, sorted(there), port)
        began = time.perf_counter()
        await asyncio.to_thread(lambda: office.pbx.start(within=LONGEST_SECONDS))
        booting = time.perf_counter() - began
        right = await _until(lambda: _registered(office), there)
        print(
            f"  {what:18}  nobody knows {unknown:4.1f} s after it stopped; booted in"
            f" {booting:.0f} s; right {right:4.1f} s after that   (target 10 s)"
        )
    transport.close()
    await asyncio.to_thread(office.lab.stop_service)


async def _contact_of(office: Office, name: str) -> dict[str, str]:
    """Return what AstDB keeps of a phone that registers."""
    async with office.database.transaction() as tx:
        device = await devices.find(tx, name)
    assert device is not None
    address = ("127.0.0.1", office.pbx.ports.sip)
    async with Phone(name, device.sip_secret, address) as phone:
        await phone.register(within=60)
        shown = await asyncio.to_thread(office.pbx.cli, "database show registrar")
    entry = f"/registrar/contact/{name};"
    line = next(line for line in shown.splitlines() if line.startswith(entry))
    return dict(json.loads(line[line.index("{") :]))


def _write_contacts(
    office: Office, contact: dict[str, str], names: list[str], port: int
) -> None:
    """Let AstDB know the contacts of *names*, and no others; Asterisk is stopped."""
    (file,) = Path(office.pbx.directory).glob("**/astdb.sqlite3")
    with contextlib.closing(sqlite3.connect(file)) as astdb, astdb:
        astdb.execute("DELETE FROM astdb WHERE key LIKE '/registrar/contact/%'")
        astdb.executemany(
            "INSERT INTO astdb (key, value) VALUES (?, ?)",
            [
                (
                    f"/registrar/contact/{name};@{number:032x}",
                    json.dumps(
                        contact
                        | {
                            "endpoint": name,
                            "uri": f"sip:{name}@127.0.0.1:{port}",
                            "via_port": str(port),
                            "call_id": f"{name}@bench",
                            "expiration_time": str(int(time.time()) + 3600),
                        }
                    ),
                )
                for number, name in enumerate(names)
            ],
        )


async def _registered(office: Office) -> set[str]:
    async with office.database.transaction() as tx:
        rows = await tx.execute("SELECT device FROM status WHERE registered")
        return {row["device"] for row in await rows.fetchall()}


async def _until(look: Callable[[], Any], wanted: object) -> float:
    """Return after how many seconds *look* finds what is *wanted*."""
    began = time.perf_counter()
    while (found := await look()) != wanted:
        if time.perf_counter() - began > LONGEST_SECONDS:
            raise TimeoutError(f"still {found}")
        await asyncio.sleep(0.02)
    return time.perf_counter() - began
