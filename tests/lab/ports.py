"""Give each laboratory its own ports on 127.0.0.1, so that several run side by side."""

import fcntl
import os
import random
import socket
import time
from dataclasses import dataclass
from pathlib import Path

# Below 32768, where Linux begins to give ports to outgoing connections.
FIRST, LAST, BLOCK = 16384, 32767, 512
RTP_OFFSET = 12
# How long a claimed port may stay unused until another laboratory may claim it.
STARTING_TIME = 20.0
# A fixed place: laboratories with different TMPDIR share the machine's ports, too.
CLAIMS = Path("/tmp") / f"asterisk-hotdesk-ports-{os.getuid()}"  # noqa: S108


@dataclass(frozen=True)
class Ports:
    """A block of ports that nobody else uses, numbered from its first one."""

    first: int

    @property
    def sip(self) -> int:
        """UDP: Asterisk's SIP port."""
        return self.first

    @property
    def ari(self) -> int:
        """TCP: Asterisk's HTTP port, with ARI."""
        return self.first + 1

    @property
    def ami(self) -> int:
        """TCP: Asterisk's manager port."""
        return self.first + 2

    @property
    def web(self) -> int:
        """TCP: where phones reach our service."""
        return self.first + 3

    @property
    def web_page(self) -> int:
        """TCP: the administrators' web page."""
        return self.first + 4

    @property
    def spare(self) -> range:
        """Ports for whatever else a laboratory starts."""
        return range(self.first + 5, self.first + RTP_OFFSET)

    @property
    def rtp(self) -> range:
        """UDP: where Asterisk's calls get their audio; enough for 125 calls."""
        return range(self.first + RTP_OFFSET, self.first + BLOCK)


def claim_ports() -> Ports:
    """Return a block of free ports that no other laboratory is about to use.

    The claim holds for 20 seconds; from then on the block counts as in use
    while anything listens on one of its ports that are not for RTP.
    """
    CLAIMS.mkdir(mode=0o700, exist_ok=True)
    blocks = [Ports(first) for first in range(FIRST, LAST - BLOCK + 2, BLOCK)]
    random.shuffle(blocks)
    with (CLAIMS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for ports in blocks:
            claim = CLAIMS / str(ports.first)
            if not _is_recent(claim) and _is_free(ports):
                claim.touch()
                return ports
    raise RuntimeError(f"no free ports between {FIRST} and {LAST}")


def free_udp_port() -> int:
    """Return a UDP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_tcp_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_recent(claim: Path) -> bool:
    return claim.exists() and time.time() - claim.stat().st_mtime < STARTING_TIME


def _is_free(ports: Ports) -> bool:
    single = range(ports.first, ports.first + RTP_OFFSET)
    return all(
        _can_bind(port, kind)
        for port in single
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    )


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # A connection that ended a moment ago does not make the port taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
