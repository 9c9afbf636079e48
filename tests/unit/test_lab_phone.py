"""The lab's phone, without a PBX: what tests lean on must hold."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import sip, transactions
from tests.lab.phone import (
    CallFailed,
    Phone,
    RegisterFailed,
    dialog_state,
    message_state,
)
from tests.unit.lab_fakes import FakePbx

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
    monkeypatch.setattr(transactions, "T1", 0.02)
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
    monkeypatch.setattr(transactions, "GIVE_UP", 0.05)
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
