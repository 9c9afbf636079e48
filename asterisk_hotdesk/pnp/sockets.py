"""The two UDP sockets of SIP PnP: one hears what phones ask, the other one answers.

A socket that is bound to a multicast address can't be the source of an answer.  snom's
own pnpserv.py answers from a second one, too, on a port of its own.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.pnp.messages import Address

ANY = "0.0.0.0"  # noqa: S104 - where to listen is for the configuration to say

IP_MULTICAST_ALL = 49
"""Linux, ip(7); Python has no name for it."""


def hearing_socket(address: str, port: int, interface: str) -> socket.socket:
    """Return a socket that hears what is sent to *address* over *interface*.

    *interface* is an address of this host; 0.0.0.0 lets the system choose.  Raises
    `ConfigError` where that cannot be, as beside an Asterisk on the same port of all
    addresses: PJSIP does not set SO_REUSEADDR, so Linux lets nobody share the port.
    """
    is_group = _checked("address", address).is_multicast
    _checked("interface", interface)
    hearing = _udp_socket()
    try:
        if is_group:
            hearing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Else it also hears the networks where others on this host have joined.
            hearing.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        hearing.bind((address, port))
    except OSError as error:
        hearing.close()
        raise ConfigError(_why_not(error, address, port)) from None
    if is_group:
        _join(hearing, address, interface)
    return hearing


def answering_socket(interface: str) -> socket.socket:
    """Return a socket on a free port of *interface*; raises `ConfigError`."""
    _checked("interface", interface)
    answering = _udp_socket()
    try:
        answering.bind((interface, 0))
    except OSError as error:
        answering.close()
        raise ConfigError(_no_interface(error, interface)) from None
    return answering


def own_host_towards(host: str) -> str:
    """Return the address of this host that its datagrams to *host* come from.

    Nothing is sent.  Raises OSError where there is no way to *host*.
    """
    with _udp_socket() as probe:
        probe.connect((host, 9))
        return str(probe.getsockname()[0])


@asynccontextmanager
async def receiving(
    udp: socket.socket, take: Callable[[bytes, Address], None]
) -> AsyncIterator[None]:
    """Give *take* what *udp* receives while the block runs; then it is closed."""
    receiver = _Receiver(take)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: receiver, sock=udp)
    try:
        yield
    finally:
        transport.abort()
        await receiver.closed


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take
        self.closed = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


def _checked(setting: str, address: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(address)
    except ValueError:
        raise ConfigError(
            f"pnp.{setting}: {address} is no IPv4 address, and phones ask over IPv4"
        ) from None


def _udp_socket() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    return udp


def _join(hearing: socket.socket, group: str, interface: str) -> None:
    membership = socket.inet_aton(group) + socket.inet_aton(interface)
    try:
        hearing.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:
        hearing.close()
        raise ConfigError(_no_interface(error, interface)) from None


def _no_interface(error: OSError, interface: str) -> str:
    return (
        f"pnp.interface: {interface} cannot be used ({error.strerror}); set it to"
        " this host's address in the phones' network"
    )


def _why_not(error: OSError, address: str, port: int) -> str:
    if error.errno != errno.EADDRINUSE:
        return f"pnp.address: {address}:{port} cannot be used ({error.strerror})"
    return (
        f"pnp.address: {address}:{port} is taken. An Asterisk whose UDP transport is"
        f" bound to {ANY}:{port} takes it, too: in pjsip.conf, bind that transport to"
        " this host's own address, as in bind = 192.0.2.10, and restart Asterisk. Or"
        " set pnp.enabled = false, and tell phones the URL by DHCP (option 66)"
    )
