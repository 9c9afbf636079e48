"""Run part of a test in network namespaces of its own, which nobody else can reach.

There is a PBX's host, with an address in two networks, and across a wire a phone in
each.  All that is sent stays there, and all of it ends with the process.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pyroute2 import IPRoute

HOST, PHONE = "192.0.2.10", "192.0.2.90"
"""In the phones' network; addresses of RFC 5737."""
OTHER_HOST, OTHER_PHONE = "198.51.100.10", "198.51.100.90"
"""In another one, that the same host is in."""

NEW_NETWORK = ("unshare", "--map-root-user", "--net")
CLONE_NEWNET = 0x40000000
LONGEST = 120.0

T = TypeVar("T")
Scenario = Callable[[], Coroutine[Any, Any, T]]


def in_own_network(scenario: Scenario[T]) -> T:
    """Return what *scenario* returns, a value that JSON knows, in a network of its own.

    *scenario* is a function of a module, which is imported by another process.
    """
    done = subprocess.run(
        [
            *(*NEW_NETWORK, sys.executable, "-m", __name__),
            *(scenario.__module__, scenario.__name__),
        ],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    refused = done.stderr.startswith("unshare:")
    assert not refused, f"This test needs a network namespace. {done.stderr}"
    assert done.returncode == 0, done.stderr
    result: T = json.loads(done.stdout.splitlines()[-1])
    return result


def across_the_wire(make: Callable[[], T]) -> T:
    """Return what *make* returns where the phones are; its sockets stay there."""
    network = os.environ["PHONES_NETWORK"]
    with ThreadPoolExecutor(1, initializer=_enter, initargs=(network,)) as thread:
        return thread.submit(make).result()


def _enter(network: str) -> None:
    """Move this thread, and no other one, to the network namespace of that path."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(network).open() as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def _wired() -> Iterator[None]:
    """Connect this network with one where the phones are."""
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) as there:
        _until_elsewhere(there.pid)
        os.environ["PHONES_NETWORK"] = f"/proc/{there.pid}/ns/net"
        _switch_on("lo")
        _lay("voice", HOST, PHONE, there.pid)
        _lay("office", OTHER_HOST, OTHER_PHONE, there.pid)
        try:
            yield
        finally:
            there.kill()


def _lay(network: str, host: str, phone: str, there: int) -> None:
    """Lay the wire of one network, with both ends called by its name."""
    with IPRoute() as link:
        end = {"ifname": network, "net_ns_pid": there}
        link.link("add", ifname=network, kind="veth", peer=end)
    _switch_on(network, host)
    across_the_wire(lambda: _switch_on(network, phone))


def _switch_on(network: str, address: str = "") -> None:
    with IPRoute() as link:
        (index,) = link.link_lookup(ifname=network)
        if address:
            link.addr("add", index=index, address=address, prefixlen=24)
        link.link("set", index=index, state="up")


def _until_elsewhere(pid: int) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        assert time.monotonic() < deadline, "the phones have no network of their own"
        os.sched_yield()


def _main(module: str, name: str) -> None:
    scenario: Scenario[Any] = getattr(importlib.import_module(module), name)
    with _wired():
        print(json.dumps(asyncio.run(scenario())))


if __name__ == "__main__":
    _main(*sys.argv[1:])
