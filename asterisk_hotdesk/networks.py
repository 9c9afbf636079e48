"""Which IP networks may ask, and whose guesses count together."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network


class Networks:
    """The networks that are served."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._networks = [ip_network(network) for network in allowed]

    def allow(self, address: str) -> bool:
        """Return whether whoever is at *address* is served at all."""
        try:
            where = _plain(address)
        except ValueError:
            return False
        return any(where in network for network in self._networks)


def neighbourhood(address: str) -> str:
    """Return what one guesser has: an IPv4 address, or a whole IPv6 network."""
    try:
        found = _plain(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """Return *address* without a zone, and IPv4 that came over an IPv6 socket as IPv4.

    Raises ValueError.
    """
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found
