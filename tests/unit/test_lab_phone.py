"""The lab's phone and virtual snom, without a PBX: what tests lean on must hold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import rtp, sip
from tests.lab.phone import (
    CallFailed,
    Phone,
    RegisterFailed,
    dialog_state,
    message_state,
)
from tests.lab.sip import NameAddr, Request, Response, SipError, Transactions
from tests.lab.snom import BadSettings, Key, VirtualSnom, parse_settings

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


# --- a phone and a phone ---


@pytest.fixture
async def phones() -> AsyncIterator[tuple[Phone, Phone]]:
    """Anna's phone, and Bob's, which is the "PBX" that Anna's sends everything to."""
    bob = Phone("200", "", ("127.0.0.1", 9))
    async with bob, Phone("100", "", bob.address, "Anna Müster") as anna:
        yield anna, bob
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_call_from_ringing_to_hangup(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    call = await anna.call("*77*100#")
    incoming = await bob.ringing()
    await call.until(lambda: call.state == "ringing", within=5)
    assert incoming.dialled == "*77*100#"
    assert incoming.remote == ("Anna Müster", "100")
    await incoming.answer()
    await call.answered()
    incoming.talk()
    await call.hears()
    assert incoming.heard.loud_seconds == 0
    await call.dtmf("0123456789*#")
    await incoming.hears_keys("0123456789*#")
    await call.hangup()
    await incoming.ended()
    assert (call.ended_by, incoming.ended_by) == ("us", "them")
    assert anna.calls == bob.calls == []


async def test_refused_call_says_with_which_status(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    call = await anna.call("200")
    await (await bob.ringing()).reject(480, "Gone")
    with pytest.raises(CallFailed, match="480 Gone") as failed:
        await call.answered()
    assert failed.value.status == 480


async def test_busy_phone_does_not_ring(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    bob.busy = True
    call = await anna.call("200")
    with pytest.raises(CallFailed, match="486"):
        await call.answered()
    assert bob.incoming == []


async def test_hangup_before_the_answer_cancels(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    call = await anna.call("200")
    incoming = await bob.ringing()
    await call.hangup()
    await incoming.ended()
    assert incoming.ended_by == "them"
    with pytest.raises(CallFailed, match="487"):
        await call.answered()


async def test_hangup_before_any_response_cancels(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    call = await anna.call("200")
    await call.hangup()
    assert call.failure is not None
    assert bob.calls == []


async def test_automatic_answer_and_hangup_by_bob(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    bob.auto_answer = True
    call = await anna.call("200")
    await call.answered()
    await (await bob.ringing()).hangup()
    await call.ended()
    assert call.ended_by == "them"


async def test_lost_packets_are_sent_again(
    phones: tuple[Phone, Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bob = phones
    monkeypatch.setattr(sip, "T1", 0.02)
    for phone in phones:
        lose_every_first(phone, monkeypatch)
    call = await anna.call("200")
    incoming = await bob.ringing()
    await incoming.answer()
    await call.answered()
    await call.hangup()
    await incoming.ended()
    assert len(bob.incoming) == 1


def lose_every_first(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each datagram of this phone arrive only when it is sent again."""
    seen: set[bytes] = set()
    send = phone.wire.send

    def lossy(datagram: bytes, to: sip.Address) -> None:
        if datagram in seen:
            send(datagram, to)
        seen.add(datagram)

    monkeypatch.setattr(phone.wire, "send", lossy)


async def test_no_answer_from_the_network_is_408(
    phones: tuple[Phone, Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bob = phones
    monkeypatch.setattr(sip, "GIVE_UP", 0.05)
    await bob.close()
    call = await anna.call("200")
    with pytest.raises(CallFailed, match="408"):
        await call.answered()


async def test_deadline_says_what_was_awaited(phones: tuple[Phone, Phone]) -> None:
    anna, bob = phones
    with pytest.raises(TimeoutError, match=r"200 to ring.*0\.01 s"):
        await bob.ringing(within=0.01)
    call = await anna.call("200")
    with pytest.raises(TimeoutError, match=r"call with 200"):
        await call.answered(within=0.01)


# --- a phone and a PBX ---


class FakePbx:
    """Challenges every request, says yes to the right password, sends NOTIFYs."""

    def __init__(self) -> None:
        self.wire = Transactions(self._arrived)
        self.seen: list[Request] = []
        self.expires = 300
        self.changes = rtp.Changes()

    def _arrived(self, request: Request) -> None:
        proof, method = request.find("Authorization"), request.method
        if not sip.authorized(proof, nonce="n", password="secret", method=method):
            asked = 'Digest realm="pbx", nonce="n", qop="auth"'
            self.answer(request, 401, ("WWW-Authenticate", asked))
            return
        self.seen.append(request)
        self.answer(request, 200, ("Expires", str(self.expires)))
        self.changes.happened()

    def answer(self, request: Request, status: int, *headers: sip.Header) -> None:
        contact = ("Contact", "<sip:127.0.0.1:{1}>".format(*self.wire.address))
        more = [*headers, contact] if request.method == "SUBSCRIBE" else headers
        response = request.response(status, "Says the PBX", more, tag="pbx")
        self.wire.respond(request, response)

    async def notify(
        self, to: sip.Address, event: str, body: bytes = b"", *headers: sip.Header
    ) -> Response:
        """NOTIFY, inside the latest subscription if there is one."""
        about = self.seen[-1] if self.seen else None
        inside = about is not None and about.method == "SUBSCRIBE"
        basics = [
            ("Via", self.wire.via()),
            ("From", "<sip:pbx@127.0.0.1>;tag=pbx"),
            ("To", about.header("From") if about and inside else "<sip:x@127.0.0.1>"),
            ("Call-ID", about.call_id if about and inside else sip.new_token()),
            ("CSeq", "1 NOTIFY"),
            ("Event", event),
        ]
        uri = "sip:{}:{}".format(*to)
        request = Request([*basics, *headers], body, "NOTIFY", uri)
        return await self.wire.request(request, to)

    async def gets(self, count: int, method: str) -> None:
        await self.changes.until(
            lambda: [r.method for r in self.seen].count(method) >= count,
            5,
            lambda: f"{count} {method}, got {[r.method for r in self.seen]}",
        )


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    pbx = FakePbx()
    await pbx.wire.open("127.0.0.1")
    yield pbx
    await pbx.wire.close()


async def test_phone_registers_again_by_itself_and_goes(pbx: FakePbx) -> None:
    pbx.expires = 0
    async with Phone("HD0001", "secret", pbx.wire.address) as phone:
        await phone.register()
        await pbx.gets(3, "REGISTER")
        pbx.expires = 300
    assert pbx.seen[-1].header("Expires") == "0"
    assert {r.call_id for r in pbx.seen} == {pbx.seen[0].call_id}
    assert len({r.cseq for r in pbx.seen}) == len(pbx.seen)


async def test_wrong_password_fails_with_the_status(pbx: FakePbx) -> None:
    async with Phone("HD0001", "wrong", pbx.wire.address) as phone:
        with pytest.raises(RegisterFailed, match="401"):
            await phone.register()
        assert not phone.registered


async def test_phone_answers_options_and_notify(pbx: FakePbx) -> None:
    async with Phone("HD0001", "secret", pbx.wire.address) as phone:
        status = await pbx.notify(phone.address, "check-sync;reboot=false")
        assert status.status == 200
        assert (await phone.notified("check-sync")).params == {"reboot": "false"}
        await pbx.notify(
            phone.address, "message-summary", b"Voice-Message: 2/1 (0/0)\r\n"
        )
        assert phone.messages == "2/1"
        phone.challenged = {"check-sync"}
        refused = await pbx.notify(phone.address, "check-sync;reboot=true")
        assert refused.status == 401
        proof = sip.authorization(
            refused.header("WWW-Authenticate"),
            username="HD0001",
            password="secret",
            method="NOTIFY",
            uri="sip:x",
        )
        proven = ("Authorization", proof)
        done = await pbx.notify(phone.address, "check-sync;reboot=true", b"", proven)
        assert done.status == 200
        assert [n.event for n in phone.notifications].count("check-sync") == 2


async def test_lamp_follows_and_is_put_out(pbx: FakePbx) -> None:
    async with Phone("HD0001", "secret", pbx.wire.address) as phone:
        lamp = await phone.subscribe_dialog("100")
        for state in ("early", "confirmed"):
            await pbx.notify(phone.address, "dialog", dialog_info(state))
        await lamp.becomes("confirmed")
        assert lamp.states == ["early", "confirmed"]
        await lamp.close()
        assert pbx.seen[-1].header("Expires") == "0"


async def test_lamp_that_the_pbx_ends_is_no_longer_active(pbx: FakePbx) -> None:
    async with Phone("HD0001", "secret", pbx.wire.address) as phone:
        lamp = await phone.subscribe_dialog("100")
        over = ("Subscription-State", "terminated;reason=noresource")
        await pbx.notify(phone.address, "dialog", b"", over)
        assert not lamp.active


def dialog_info(*states: str) -> bytes:
    dialogs = "".join(f'<dialog id="1"><state>{s}</state></dialog>' for s in states)
    name = "urn:ietf:params:xml:ns:dialog-info"
    return f'<dialog-info xmlns="{name}" version="0">{dialogs}</dialog-info>'.encode()


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (dialog_info(), "idle"),
        (dialog_info("terminated", "early"), "early"),
        (dialog_info("early", "confirmed"), "confirmed"),
    ],
)
def test_busiest_dialog_lights_the_lamp(body: bytes, state: str) -> None:
    assert dialog_state(body) == state


@given(st.binary(max_size=60))
def test_no_body_crashes_the_lamps(body: bytes) -> None:
    assert isinstance(dialog_state(body), str)
    assert isinstance(message_state(body), str)


# --- the virtual snom ---

SETTINGS = """<?xml version="1.0" encoding="utf-8"?>
<settings>
 <phone-settings e="2">
  <language perm="RW">Deutsch</language>
  <user_name idx="1" perm="R">HD0001</user_name>
  <user_pass idx="1" perm="R">secret</user_pass>
  <user_host idx="1" perm="R">127.0.0.1:{port}</user_host>
  <user_realname idx="1" perm="RW">Anna Müster</user_realname>
  <user_idle_text idx="1" perm="RW">Anna Müster 100</user_idle_text>
  <user_idle_number idx="1" perm="RW">100</user_idle_number>
 </phone-settings>
 <functionKeys e="2">
  <fkey idx="0" context="1" label="Abmelden" perm="RW">speed *77*5*</fkey>
  <fkey idx="1" context="1" label="Bob" perm="RW">blf 200|*8</fkey>
 </functionKeys>
</settings>
"""
SECOND = """<settings><phone-settings e="2">
<user_idle_text idx="1" perm="RW">Frei</user_idle_text>
</phone-settings></settings>"""


class Desk:
    """A snom with the PBX and the web server that it uses."""

    snom: VirtualSnom

    def __init__(self, pbx: FakePbx) -> None:
        self.pbx = pbx
        self.status, self.text = 200, SETTINGS.format(port=pbx.wire.address[1])
        self.asked: list[str] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["User-Agent"])
        return web.Response(text=self.text, status=self.status)

    async def check_sync(self, reboot: str = "false") -> None:
        """Have the snom fetch again; returns when it has."""
        assert self.snom.phone
        attempts = self.snom.attempts
        self.pbx.seen.clear()
        event = f"check-sync;reboot={reboot}"
        await self.pbx.notify(self.snom.phone.address, event)
        await self.snom.until(lambda: self.snom.attempts > attempts, "fetch")


@pytest.fixture
async def desk(pbx: FakePbx) -> AsyncIterator[Desk]:
    desk = Desk(pbx)
    app = web.Application()
    app.router.add_get("/{mac}.xml", desk.serve)
    async with TestServer(app) as server:
        url = str(server.make_url("/")) + "{mac}.xml"
        async with VirtualSnom("00:04:13:00:00:01", url) as desk.snom:
            yield desk


async def test_snom_shows_its_settings(desk: Desk) -> None:
    snom = desk.snom
    assert snom.display() == ["Anna Müster 100", "100"]
    assert snom.keys() == [
        Key("Abmelden", "speed", "*77*5*"),
        Key("Bob", "blf", "200|*8"),
    ]
    assert "1 Abmelden" in snom.screen()
    assert desk.asked == [
        "Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.19 2010.12-00004-g9ba52f5 "
        "000413000001 SXM:0 UXM:0)"
    ]
    assert snom.phone
    assert snom.phone.registered


async def test_check_sync_applies_and_keeps_what_is_left_out(desk: Desk) -> None:
    snom, phone = desk.snom, desk.snom.phone
    desk.text = SECOND
    await desk.check_sync()
    await snom.shows("Frei")
    assert snom.display() == ["Frei", "100"]
    assert snom.changed == {("user_idle_text", 1)}
    assert (snom.fetches, snom.reboots) == (2, 0)
    assert snom.phone is phone
    assert desk.pbx.seen == []  # it registered no second time


async def test_reboot_registers_again(desk: Desk) -> None:
    await desk.check_sync("true")
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    assert desk.snom.reboots == 1
    await desk.pbx.gets(2, "REGISTER")


async def test_new_account_registers_again(desk: Desk) -> None:
    desk.text = desk.text.replace(">HD0001<", ">HD0002<")
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    names = [NameAddr.parse(r.header("From")).user for r in desk.pbx.seen]
    assert names[-1] == "HD0002"


async def test_server_error_keeps_the_old_settings(desk: Desk) -> None:
    desk.status = 503
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.last_status == 503, "error")
    assert "HTTP 503" in desk.snom.last_error
    assert desk.snom.display() == ["Anna Müster 100", "100"]
    desk.status = 200
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    assert desk.snom.last_error == ""


async def test_bad_settings_after_check_sync_are_kept_for_the_test(desk: Desk) -> None:
    desk.text = desk.text.replace("language", "langauge")
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.problems, "complaint")
    assert "langauge" in str(desk.snom.problems.pop())
    assert desk.snom.display() == ["Anna Müster 100", "100"]


async def test_speed_key_dials(desk: Desk) -> None:
    call = await desk.snom.press(0)
    assert call
    await desk.pbx.gets(1, "INVITE")
    assert sip.uri_user(desk.pbx.seen[-1].uri) == "*77*5*"


@pytest.mark.parametrize(
    ("old", "new", "culprit"),
    [
        ("</settings>", "", "not XML"),
        ("phone-settings", "phone-things", "phone-things"),
        ('settings e="2"', "settings", "phone-settings"),
        ("language", "langauge", "langauge"),
        ('language perm="RW"', 'language perm="RX"', "'RX'"),
        ('language perm="RW"', "language", "None"),
        ('user_name idx="1"', 'user_name idx="13"', "'13'"),
        ("user_pass", "user_name", "user_name idx=1 is there twice"),
        ('fkey idx="1"', 'fkey idx="0"', "fkey idx=0 is there twice"),
        ('fkey idx="1"', 'fkey idx="220"', "'220'"),
        ("speed *77*5*", "spede *77*5*", "'spede'"),
        ("speed *77*5*", "speed", "needs an argument"),
        ('context="1"', 'context="13"', "'13'"),
    ],
)
def test_snom_names_what_is_wrong(old: str, new: str, culprit: str) -> None:
    with pytest.raises(BadSettings, match=culprit):
        parse_settings(SETTINGS.replace(old, new).encode())
