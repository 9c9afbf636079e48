"""The audio of a lab phone's call: SDP (RFC 4566, 3264), RTP (3550), DTMF (4733).

Sends G.711 silence or a tone and key presses; tells from what arrives whether
anything was heard.
"""

import asyncio
import math
import re
import secrets
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Address = tuple[str, int]

FRAME = 160  # samples in 20 ms at 8000 Hz
FRAME_SECONDS = 0.02
LOUD = 300  # root mean square of a frame; prompts have thousands, silence below 10
KEYS = "0123456789*#ABCD"  # RFC 4733 §3.2: the event code is the position
PCMU, PCMA = 0, 8
ENCODINGS = {PCMU: "PCMU", PCMA: "PCMA"}
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
OPPOSITE = {"sendonly": "recvonly", "recvonly": "sendonly"}


class Changes:
    """Lets tasks wait until something is true, with a deadline."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def happened(self) -> None:
        """Have everyone who waits look again."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def until(
        self,
        condition: Callable[[], object],
        within: float,
        awaited: Callable[[], str],
    ) -> None:
        """Return once the condition holds; else TimeoutError says what was awaited."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    waiting = asyncio.get_running_loop().create_future()
                    self._waiting.add(waiting)
                    try:
                        await waiting
                    finally:
                        self._waiting.discard(waiting)
        except TimeoutError:
            raise TimeoutError(f"{awaited()}; waited {within:g} s") from None


# --- G.711 ----------------------------------------------------------------------------


def _from_ulaw(byte: int) -> int:
    byte = ~byte & 0xFF
    size = (((byte & 0x0F) << 3) + 0x84 << ((byte & 0x70) >> 4)) - 0x84
    return -size if byte & 0x80 else size


def _from_alaw(byte: int) -> int:
    byte ^= 0x55
    mantissa, segment = (byte & 0x0F) << 4, (byte & 0x70) >> 4
    size = mantissa + 8 if segment == 0 else mantissa + 0x108 << segment - 1
    return size if byte & 0x80 else -size


DECODED = {
    PCMU: [_from_ulaw(byte) for byte in range(256)],
    PCMA: [_from_alaw(byte) for byte in range(256)],
}
SILENCE = {PCMU: b"\xff" * FRAME, PCMA: b"\xd5" * FRAME}


def loudness(payload: bytes, encoding: int) -> float:
    """The root mean square of a G.711 payload, 0 … 32767."""
    values = DECODED[encoding]
    total = sum(values[byte] ** 2 for byte in payload)
    return math.sqrt(total / len(payload)) if payload else 0.0


def tone(encoding: int, hertz: int = 400, size: int = 8000) -> bytes:
    """One frame of a sine; it joins to the next one if `hertz` is a multiple of 50."""
    values = DECODED[encoding]
    wanted = (size * math.sin(2 * math.pi * hertz * at / 8000) for at in range(FRAME))
    return bytes(min(range(256), key=lambda b: abs(values[b] - w)) for w in wanted)


# --- SDP ------------------------------------------------------------------------------


class SdpError(Exception):
    """No usable G.711 audio in the session description; the text says why."""


@dataclass(frozen=True)
class Sdp:
    """Where and how the other side wants its audio."""

    address: Address
    encoding: int
    key_type: int | None
    direction: str
    media: tuple[str, ...]

    @classmethod
    def parse(cls, body: bytes) -> "Sdp":
        """The first audio stream of a session description; SdpError without one."""
        session, *streams = re.split(
            r"^(?=m=)", body.decode(errors="replace"), flags=re.M
        )
        media = tuple(stream.splitlines()[0][2:] for stream in streams)
        for stream in streams:
            if stream.startswith("m=audio "):
                lines = [line.strip() for line in (session + stream).splitlines()]
                return cls._of_audio(stream.splitlines()[0].split(), lines, media)
        raise SdpError("no audio stream")

    @classmethod
    def _of_audio(
        cls, words: list[str], lines: list[str], media: tuple[str, ...]
    ) -> "Sdp":
        port = words[1].partition("/")[0] if len(words) > 3 else ""
        if not all(map(_is_number, [port, *words[3:]])):
            raise SdpError(f"bad audio stream {' '.join(words)!r}")
        hosts = [line.split()[-1] for line in lines if line.startswith("c=IN IP4 ")]
        if not hosts:
            raise SdpError("no address")
        offered = [int(word) for word in words[3:]]
        encodings = [number for number in offered if number in ENCODINGS]
        if not encodings:
            raise SdpError(f"neither PCMU nor PCMA in {offered}")
        directions = [line[2:] for line in lines if line[2:] in DIRECTIONS]
        direction = directions[-1] if directions else "sendrecv"
        address = (hosts[-1], int(port))
        return cls(address, encodings[0], _key_type(lines), direction, media)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def _key_type(lines: list[str]) -> int | None:
    for line in lines:
        number, _, name = line.removeprefix("a=rtpmap:").partition(" ")
        if name.lower().startswith("telephone-event/8000") and _is_number(number):
            return int(number)
    return None


# --- RTP ------------------------------------------------------------------------------


@dataclass
class Heard:
    """What arrived: RTP packets, seconds that were not silent, keys pressed."""

    packets: int = 0
    loud_seconds: float = 0.0
    keys: str = ""


@dataclass
class _Sent:
    """RTP's own bookkeeping (RFC 3550 §5.1)."""

    source: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = field(default_factory=lambda: secrets.randbits(15))
    timestamp: int = field(default_factory=lambda: secrets.randbits(31))

    def packet(self, kind: int, payload: bytes, marker: bool, timestamp: int) -> bytes:
        self.sequence = self.sequence + 1 & 0xFFFF
        second = kind | (0x80 if marker else 0)
        start = (0x80, second, self.sequence, timestamp & 0xFFFFFFFF, self.source)
        return struct.pack("!BBHII", *start) + payload


# One 20 ms step of DTMF: the key's payloads and whether a new key starts.
_Step = tuple[tuple[bytes, ...], bool]


class Media(asyncio.DatagramProtocol):
    """One audio stream on its own UDP port; sends from `start()` to `close()`."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.talking = False  # send a tone, not silence
        self._changes = Changes()
        self._theirs: Sdp | None = None
        self._session = secrets.randbits(31)
        self._described = ("", 0)
        self._sent = _Sent()
        self._steps: deque[_Step] = deque()
        self._key_start = 0
        self._heard_key = -1
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str) -> None:
        """Bind a free port."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(host, 0)
        )
        self._address: Address = self._transport.get_extra_info("sockname")

    def close(self) -> None:
        """Stop sending and free the port."""
        if self._timer:
            self._timer.cancel()
        if self._transport:
            self._transport.close()
        self._changes.happened()

    def accept(self, body: bytes) -> None:
        """Take over where the other side wants its audio; SdpError if impossible."""
        self._theirs = Sdp.parse(body)

    def start(self) -> None:
        """Send from now on, every 20 ms."""
        if self._timer is None:
            self._next = asyncio.get_running_loop().time()
            self._tick()

    def describe(self) -> bytes:
        """Our description: an offer, or the answer once theirs is accepted.

        Its version grows when it changes, as RFC 3264 §8 wants.
        """
        streams = self._theirs.media if self._theirs else ("audio ",)
        lines = ["s=-", f"c=IN IP4 {self._address[0]}", "t=0 0"]
        for stream in streams:
            if stream.startswith("audio "):
                lines += self._describe_audio()
            else:  # RFC 3264 §6: a stream is refused with port 0
                words = stream.split()
                lines.append(" ".join([f"m={words[0]} 0", *words[2:]]))
        return self._versioned("\r\n".join([*lines, ""]))

    def _describe_audio(self) -> list[str]:
        theirs = self._theirs
        kinds = [theirs.encoding] if theirs else [PCMU, PCMA]
        names = [(kind, f"{ENCODINGS[kind]}/8000") for kind in kinds]
        keys = theirs.key_type if theirs else 101
        if keys is not None:
            names.append((keys, "telephone-event/8000"))
        direction = theirs.direction if theirs else "sendrecv"
        numbers = " ".join(str(number) for number, _ in names)
        return [
            f"m=audio {self._address[1]} RTP/AVP {numbers}",
            *(f"a=rtpmap:{number} {name}" for number, name in names),
            *([] if keys is None else [f"a=fmtp:{keys} 0-16"]),
            "a=ptime:20",
            f"a={OPPOSITE.get(direction, direction)}",
        ]

    def _versioned(self, text: str) -> bytes:
        if self._described[0] != text:
            self._described = (text, self._described[1] + 1)
        host, version = self._address[0], self._described[1]
        first = f"v=0\r\no=- {self._session} {version} IN IP4 {host}\r\n"
        return (first + text).encode()

    async def press(self, keys: str, tone_ms: int = 60, gap_ms: int = 40) -> None:
        """Send keys as telephone events; returns when the last one is out.

        RFC 4733 §2.5: one timestamp for a key, its duration grows by packet, the
        first one has the marker, and the end is sent three times.
        """
        if unknown := set(keys) - set(KEYS):
            raise ValueError(f"no such keys: {unknown}")
        if not (self._theirs and self._theirs.key_type is not None):
            raise ValueError("the other side takes no telephone-event")
        for key in keys:
            lengths = range(FRAME, tone_ms * 8 + 1, FRAME)
            going = [_key_payload(key, length) for length in lengths]
            end = _key_payload(key, lengths[-1], end=True)
            self._steps += [((payload,), at == 0) for at, payload in enumerate(going)]
            self._steps.append(((end, end, end), False))
            self._steps += [((), False)] * max(1, gap_ms // 20 - 1)
        await self._changes.until(
            lambda: not self._steps or self._is_closed(),
            within=len(self._steps) * FRAME_SECONDS + 5,
            awaited=lambda: (
                f"the keys {keys} to be sent, {len(self._steps)} steps left"
            ),
        )

    async def hears(self, seconds: float = 0.2, *, within: float = 5) -> None:
        """Return once that much more sound, not silence, has arrived."""
        start = self.heard.loud_seconds
        await self._changes.until(
            lambda: self.heard.loud_seconds - start >= seconds,
            within,
            lambda: f"{seconds} s of sound, heard {self.heard}",
        )

    async def hears_keys(self, keys: str, *, within: float = 5) -> None:
        """Return once the keys that arrived end with these."""
        await self._changes.until(
            lambda: self.heard.keys.endswith(keys),
            within,
            lambda: f"the keys {keys}, heard {self.heard}",
        )

    def _is_closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _tick(self) -> None:
        """Send what belongs to these 20 ms."""
        if self._steps:
            self._send_keys(*self._steps.popleft())
            if not self._steps:
                self._changes.happened()
        else:
            self._send_audio()
        self._sent.timestamp += FRAME
        loop = asyncio.get_running_loop()
        # A busy machine makes ticks late; a burst of more than a few is not speech.
        self._next = max(self._next + FRAME_SECONDS, loop.time() - 5 * FRAME_SECONDS)
        self._timer = loop.call_at(self._next, self._tick)

    def _send_keys(self, payloads: tuple[bytes, ...], starts: bool) -> None:
        if starts:
            self._key_start = self._sent.timestamp
        for payload in payloads:
            kind = self._theirs.key_type if self._theirs else None
            self._send(kind, payload, starts, self._key_start)

    def _send_audio(self) -> None:
        theirs = self._theirs
        if theirs and theirs.direction in ("sendrecv", "recvonly"):
            frame = TONES[theirs.encoding] if self.talking else SILENCE[theirs.encoding]
            self._send(theirs.encoding, frame, False, self._sent.timestamp)

    def _send(self, kind: int | None, payload: bytes, marker: bool, at: int) -> None:
        # RFC 4566 §5.7, RFC 3264 §8.4: port 0 or address 0.0.0.0 mean: send nothing.
        to = self._theirs.address if self._theirs else ("0.0.0.0", 0)  # noqa: S104
        silent = not to[1] or to[0] == "0.0.0.0"  # noqa: S104
        if self._transport and kind is not None and not silent:
            self._transport.sendto(self._sent.packet(kind, payload, marker, at), to)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Count what is RTP version 2; strangers' packets and RTCP are ignored."""
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        kind, start = data[1] & 0x7F, 12 + 4 * (data[0] & 0x0F)
        payload = data[start:]
        if kind in ENCODINGS:
            self.heard.packets += 1
            if loudness(payload, kind) > LOUD:
                self.heard.loud_seconds += len(payload) / 8000
        elif self._theirs and kind == self._theirs.key_type and len(payload) >= 4:
            self._hear_key(payload, int.from_bytes(data[4:8]))
        self._changes.happened()

    def _hear_key(self, payload: bytes, timestamp: int) -> None:
        if timestamp != self._heard_key and payload[0] < len(KEYS):
            self._heard_key = timestamp
            self.heard.keys += KEYS[payload[0]]


def _key_payload(key: str, length: int, *, end: bool = False) -> bytes:
    """RFC 4733 §2.3; volume 10 means -10 dBm0."""
    return struct.pack("!BBH", KEYS.index(key), 10 | (0x80 if end else 0), length)


TONES = {encoding: tone(encoding) for encoding in ENCODINGS}
