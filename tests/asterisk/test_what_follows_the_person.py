"""What a person takes along to every desk, and that nothing of it stays there."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.asterisk.conftest import (
    Office,
    eventually,
    press,
    refusal,
    rings,
    sip_phone,
)
from tests.asterisk.test_calls_of_users import COLLEAGUE, leaves_a_message, lights
from tests.asterisk.trouble import endpoint, until
from tests.lab.phone import Party
from tests.lab.snom import VirtualSnom

MAILBOX = ("--mailbox", "105@default")
NEW_DESK = "HD0031"


async def test_a_desk_that_was_used_is_like_one_that_never_was(office: Office) -> None:
    await office.hotdesk("device", "add", NEW_DESK, "--mac", "000413000031")
    office.afterwards("device", "remove", NEW_DESK, "--yes")
    await until(lambda: endpoint(office.lab, NEW_DESK), "the new desk is there")
    never_used = endpoint(office.lab, NEW_DESK)

    everything = (
        *MAILBOX, "--call-groups", "1,3-5", "--pickup-groups", "2",
        "--named-call-groups", "sales,hr", "--named-pickup-groups", "porters",
        "--account-code", "cost-7", "--language", "de", "--fixed-endpoint", "201",
    )  # fmt: skip
    async with takes_along(office, "105", *everything):
        await office.hotdesk("login", "105", NEW_DESK)
        used = endpoint(office.lab, NEW_DESK)
        assert {name for name in used if used[name] != never_used[name]} == {
            "accountcode",
            "call_group",
            "callerid",
            "context",
            "language",
            "named_call_group",
            "named_pickup_group",
            "pickup_group",
            "subscribe_context",
        }
        assert used["call_group"] == "1, 3, 4, 5"
        assert {*used["named_call_group"].split(", ")} == {"hr", "sales"}
        await office.hotdesk("logout", NEW_DESK)

        assert endpoint(office.lab, NEW_DESK) == never_used
        # Nor does it come back when Asterisk reads what it has stored.
        await asyncio.to_thread(office.lab.pbx.cli, "module reload res_pjsip.so")
        assert endpoint(office.lab, NEW_DESK) == never_used
    shown = office.lab.pbx.cli(f"database show hotdesk_endpoint endpoint/{NEW_DESK}")
    for trace in ("105", "Frida", "sales", "porters", "cost-7", "internal"):
        assert trace not in shown


@pytest.mark.parametrize("named", ["", "named-"])
async def test_calls_are_picked_up_by_whoever_sits_anywhere(
    office: Office, named: str
) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    caller = await office.phone("200")
    group = "sales" if named else "7"
    async with (
        takes_along(office, "104", f"--{named}call-groups", group),
        takes_along(office, "105", f"--{named}pickup-groups", group),
    ):
        await office.hotdesk("login", "104", "HD0001")
        await office.hotdesk("login", "105", "HD0002")
        call = await caller.call("104")
        ringing = await rings(desk, caller=COLLEAGUE)
        picking_up = await other_desk.dial("*8")
        await picking_up.answered()
        await call.answered()
        await ringing.ended()
        await picking_up.hangup()
        await call.ended()

        # Whoever comes next, or nobody, cannot.
        for after in (("login", "101", "HD0002"), ("logout", "HD0002")):
            await office.hotdesk(*after)
            call = await caller.call("104")
            ringing = await rings(desk, caller=COLLEAGUE)
            assert await refusal(await other_desk.dial("*8")) >= 400
            assert ringing.state == "ringing"
            await call.hangup()


async def test_calls_are_on_the_account_of_whoever_makes_them(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    centre = await office.phone("trunk")
    async with takes_along(office, "105", "--account-code", "cost-7"):
        await office.hotdesk("login", "105", "HD0001")
        await until(
            lambda: endpoint(office.lab, "HD0001")["accountcode"] == "cost-7",
            "the desk is hers",
        )
        call = await desk.dial("200")
        await rings(colleague, caller=Party("Frida", "105"))
        await call.hangup()
        await office.hotdesk("logout", "105")
        call = await desk.dial("112")
        await centre.ringing()
        await call.hangup()

    await eventually(
        lambda: accounts(office)[-2:] == [("cost-7", "200"), ("", "112")],
        lambda: f"both calls are recorded: {accounts(office)[-3:]}",
    )


async def test_the_message_lamp_shows_the_messages_of_whoever_sits_there(
    office: Office,
) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    colleague = await office.phone("200")
    voicemail = "voicemail:105@default"
    async with takes_along(office, "105", *MAILBOX, "--when-logged-out", voicemail):
        await leaves_a_message(office, colleague, "105")
        await office.sit_down(desk, "105")
        count = messages_of(office, "105")
        await desk.shows(f"Messages: {count}")

        # What comes while she sits there is shown; nobody else's phone shows it.
        sip_phone(desk).busy = True
        await leaves_a_message(office, colleague, "105")
        await desk.shows(f"Messages: {count + 1}")
        assert not any("Messages" in line for line in other_desk.display())

        # It moves with her, and the next one here has none.
        await office.sit_down(other_desk, "105")
        await other_desk.shows(f"Messages: {count + 1}")
        await darkens(desk)
        await office.hotdesk("login", "101", "HD0002")
        await other_desk.shows("Bob")
        await darkens(other_desk)


async def test_the_message_lamp_is_right_after_restarts(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    voicemail = "voicemail:105@default"
    async with takes_along(office, "105", *MAILBOX, "--when-logged-out", voicemail):
        await leaves_a_message(office, colleague, "105")
        await office.sit_down(desk, "105")
        await desk.shows("Messages: ")

        # Of the phone, which forgets what its lamp showed …
        await desk.reboot()
        await desk.shows("Messages: ", within=10)
        # … of Asterisk, while a logout waits for it …
        await asyncio.to_thread(office.lab.pbx.kill)
        await office.hotdesk("logout", "105")
        await asyncio.to_thread(office.lab.pbx.start)
        await sip_phone(desk).register()
        await darkens(desk, within=20)
        # … and of the service, which missed the login.
        await asyncio.to_thread(office.lab.stop_service)
        await office.hotdesk("login", "105", "HD0001")
        await asyncio.to_thread(office.lab.start_service)
        await desk.shows("Messages: ", within=20)


async def test_the_voicemail_code_opens_the_mailbox_of_whoever_sits_there(
    office: Office,
) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    voicemail = "voicemail:105@default"
    async with takes_along(office, "105", *MAILBOX, "--when-logged-out", voicemail):
        await leaves_a_message(office, colleague, "105")
        await office.sit_down(desk, "105")
        count = messages_of(office, "105")
        await desk.shows(f"Messages: {count}")
        voice = office.voice(desk)
        call = await desk.dial("*77*8*")
        await call.answered()
        await voice.says("vm-password")
        await press(call, voicemail_pin(office, "105") + "#")
        await voice.says("vm-youhave")
        await voice.says("vm-onefor")
        await press(call, "1")
        await voice.says("vm-repeat", within=30)
        await call.hangup()
        # What is heard is new no more.
        await eventually(
            lambda: messages_of(office, "105") < count, "the message is an old one"
        )
        await lamp_says(desk, messages_of(office, "105"))

    # Somebody without a mailbox, nobody, and a phone that is no hot desk.
    for before in (("login", "101", "HD0001"), ("logout", "HD0001")):
        await office.hotdesk(*before)
        voice = office.voice(desk)
        call = await desk.dial("*77*8*")
        await voice.says("im-sorry")
        await call.hangup()
    voice = office.voice(colleague)
    call = await colleague.call("*77*8*")
    await voice.says("im-sorry")
    await call.hangup()


async def test_watchers_survive_whatever_asterisk_reloads(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    colleague, caller = await office.phone("200"), await office.phone("201")
    lamp = await colleague.subscribe_dialog("100")
    await office.sit_down(desk, "100")
    await lights(lamp, caller, desk)

    for reload in ("module reload res_pjsip.so", "dialplan reload", "core reload"):
        await asyncio.to_thread(office.lab.pbx.cli, reload)
        await lights(lamp, caller, desk)
    await asyncio.to_thread(office.lab.pbx.restart)
    for phone in (sip_phone(desk), sip_phone(other_desk), caller):
        await phone.register()
    await lights(lamp, caller, desk)
    # Whoever watches has not even asked again, and follows further on.
    await office.hotdesk("login", "100", "HD0002")
    await other_desk.shows("100", within=20)
    await lights(lamp, caller, other_desk)


async def test_a_key_shows_at_every_desk_what_the_pbx_knows_of_the_person(
    office: Office,
) -> None:
    """As FreePBX does it: a hint beside a feature code, here that of do not disturb."""
    cli = office.lab.pbx.cli
    cli("devstate change Custom:DND100 INUSE")
    key = ("100", "1", "blf:*76100", "--label", "Quiet")
    await office.hotdesk("user", "keys", "set", *key)
    office.afterwards("user", "keys", "remove", "100", "1")
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")

    for place in (desk, other_desk):
        await office.sit_down(place, "100")
        await is_lit(place)
    cli("devstate change Custom:DND100 NOT_INUSE")
    await other_desk.until(lambda: "●" not in other_desk.screen(), "the key is dark")
    assert "Quiet" not in desk.screen()


async def is_lit(desk: VirtualSnom) -> None:
    """Return once a key of the phone says that somebody or something is busy."""
    await desk.until(lambda: "●" in desk.screen(), "a key is lit")


@asynccontextmanager
async def takes_along(
    office: Office, extension: str, *options: str
) -> AsyncIterator[None]:
    """Let a user have what *options* say for a while."""
    given = dict(zip(options[::2], options[1::2], strict=True))
    usual = {"--when-logged-out": "unavailable"}
    before = [text for name in given for text in (name, usual.get(name, ""))]
    await office.hotdesk("user", "edit", extension, *options)
    try:
        written = [
            given[name].removeprefix("voicemail:")
            for name in ("--mailbox", "--when-logged-out")
            if name in given
        ]
        await eventually(
            lambda: all(text in dialplan(office) for text in written),
            f"the dialplan knows {written}",
        )
        yield
    finally:
        await office.hotdesk("user", "edit", extension, *before)


def dialplan(office: Office) -> str:
    """Return what Asterisk's dialplan says of users and their mailboxes."""
    contexts = ("hotdesk-users", "hotdesk-mailboxes-default")
    return "".join(office.lab.pbx.cli(f"dialplan show {name}") for name in contexts)


def accounts(office: Office) -> list[tuple[str, str]]:
    """Return account code and number of all calls, the oldest first."""
    file = office.lab.pbx.log_dir / "cdr-csv/Master.csv"
    with file.open(newline="") as records:
        return [(record[0], record[2]) for record in csv.reader(records)]


def messages_of(office: Office, mailbox: str) -> int:
    """Return how many new messages lie in a mailbox."""
    inbox = office.lab.pbx.directory / f"spool/voicemail/default/{mailbox}/INBOX"
    return len(list(inbox.glob("msg*.txt")))


def voicemail_pin(office: Office, mailbox: str) -> str:
    """Return the PIN of a mailbox."""
    text = (office.lab.pbx.config_dir / "voicemail.conf").read_text()
    (pin,) = re.findall(rf"^{mailbox} => (\d+),", text, re.MULTILINE)
    return str(pin)


async def lamp_says(desk: VirtualSnom, count: int) -> None:
    """Return once the phone shows so many messages, or none."""
    if count:
        await desk.shows(f"Messages: {count}")
    else:
        await darkens(desk)


async def darkens(desk: VirtualSnom, *, within: float = 5) -> None:
    """Return once the phone was told that there are no messages, and shows none."""
    await desk.until(
        lambda: (
            sip_phone(desk).messages.startswith("0/")
            and "Messages" not in desk.screen()
        ),
        f"{desk.display()} shows no messages",
        within=within,
    )
