"""SIP, digest and audio of the lab's phone: what it reads, and refuses."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import rtp, sip
from tests.lab.sip import NameAddr, Request, SipError

INVITE = b"""INVITE sip:*77*100*@127.0.0.1:5060 SIP/2.0\r
v: SIP/2.0/UDP 127.0.0.1:5062;branch=z9hG4bK1;rport\r
f: "Anna \\"A\\" Muster" <sip:100@127.0.0.1>;tag=a\r
To: <sip:*77*100*@127.0.0.1>\r
i: 1@127.0.0.1\r
CSeq: 7 INVITE\r
Subject: folded\r
 line\r
Content-Length: 4\r
\r
bodyrest"""


# --- messages ---


def test_message_is_read_as_rfc_3261_says() -> None:
    message = sip.parse(INVITE)
    assert isinstance(message, Request)
    assert message.method == "INVITE"
    assert sip.uri_user(message.uri) == "*77*100*"
    assert NameAddr.parse(message.header("From")).display == 'Anna "A" Muster'
    assert message.cseq == (7, "INVITE")
    assert message.branch == "z9hG4bK1"
    assert message.header("subject") == "folded line"
    assert message.body == b"body"
    assert sip.parse(message.encode()) == message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Content-Length: 4", b"Content-Length: 400"),
        (b"Content-Length: 4", b"Content-Length: many"),
        (b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
        (b"CSeq: 7 INVITE", b"Nothing: here"),
        (b"i: 1@", b"no header "),
        (b"SIP/2.0\r\nv", b"SIP/3.0\r\nv"),
        (b"Anna", b"\xff"),
        (b"To: <sip:*77*100*@127.0.0.1>", b"To: nobody"),
    ],
)
def test_broken_message_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(SipError):
        sip.parse(INVITE.replace(old, new))


@given(st.binary(max_size=300))
def test_no_datagram_crashes_the_parser(datagram: bytes) -> None:
    with pytest.raises(SipError):
        sip.parse(datagram)


@given(st.integers(0, len(INVITE)), st.integers(0, 20), st.binary(max_size=20))
def test_no_damage_crashes_the_parser(at: int, cut: int, extra: bytes) -> None:
    try:
        message = sip.parse(INVITE[:at] + extra + INVITE[at + cut :])
        _ = message.all("Contact"), message.cseq, message.branch
        message.encode()
    except SipError:
        pass


@given(st.text(max_size=80))
def test_no_address_crashes_the_parser(text: str) -> None:
    try:
        address = NameAddr.parse(text)
        _ = address.user, sip.uri_address(address.uri)
    except SipError:
        pass


@given(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=40))
def test_any_display_name_survives_quoting(name: str) -> None:
    text = f"{sip.quote(name)} <sip:100@127.0.0.1;x=y>;tag=1"
    address = NameAddr.parse(text)
    assert (address.display, address.user) == (name, "100")
    assert address.params == {"tag": "1"}


def test_header_cannot_smuggle_a_line() -> None:
    message = sip.parse(INVITE)
    message.set("Subject", "a\r\nVia: b")
    with pytest.raises(SipError):
        message.encode()


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_of_rfc_7616(algorithm: str, response: str) -> None:
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    proof = sip.authorization(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", '
        f'algorithm={algorithm}, nonce="{nonce}"',
        username="Mufasa",
        password="Circle of Life",
        method="GET",
        uri="/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert f'response="{response}"' in proof
    assert sip.authorized(proof, nonce=nonce, password="Circle of Life", method="GET")
    assert not sip.authorized(proof, nonce=nonce, password="wrong", method="GET")
    assert not sip.authorized(None, nonce=nonce, password="", method="GET")


# --- audio ---


SDP = b"""v=0\r
c=IN IP4 127.0.0.1\r
m=audio 4000 RTP/AVP 8 101\r
a=rtpmap:101 telephone-event/8000\r
a=sendonly\r
"""


@given(st.integers(0, len(SDP)), st.integers(0, 200), st.binary(max_size=20))
def test_no_damage_crashes_the_sdp_parser(at: int, cut: int, extra: bytes) -> None:
    with suppress(rtp.SdpError):
        rtp.Sdp.parse(SDP[:at] + extra + SDP[at + cut :])


async def test_hold_is_answered_with_its_opposite() -> None:
    media = rtp.Media()
    await media.open("127.0.0.1")
    media.accept(SDP)
    first, again = media.describe(), media.describe()
    assert b"a=recvonly" in first
    assert b"RTP/AVP 8 101" in first
    assert first == again
    media.accept(SDP.replace(b"sendonly", b"sendrecv") + b"m=video 5000 RTP/AVP 31")
    assert b"a=sendrecv" in media.describe()
    assert b"m=video 0 RTP/AVP 31" in media.describe()
    media.close()


@pytest.mark.parametrize("encoding", [rtp.PCMU, rtp.PCMA])
def test_tone_is_loud_and_silence_is_not(encoding: int) -> None:
    assert rtp.loudness(rtp.SILENCE[encoding], encoding) < 10
    assert 5000 < rtp.loudness(rtp.TONES[encoding], encoding) < 6000


def test_g711_reference_values() -> None:
    assert [rtp.DECODED[rtp.PCMU][b] for b in (0x00, 0x80, 0xFF)] == [-32124, 32124, 0]
    assert [rtp.DECODED[rtp.PCMA][b] for b in (0x2A, 0xAA, 0xD5)] == [-32256, 32256, 8]
