"""What callers and queues get while a user sits nowhere, and phones beside the desk."""

from __future__ import annotations

import asyncio

from tests.asterisk.conftest import Office, eventually, refusal, rings, sip_phone
from tests.asterisk.test_calls_of_users import (
    COLLEAGUE,
    leaves_a_message,
    lights,
    when_logged_out,
)
from tests.asterisk.test_what_follows_the_person import takes_along
from tests.lab.phone import Party

NORTH = ("--account", "north")


async def test_whoever_sits_nowhere_may_be_busy(office: Office) -> None:
    colleague = await office.phone("200")
    async with when_logged_out(office, "105", "busy"):
        assert await refusal(await colleague.call("105")) == 486


async def test_calls_go_to_another_extension_at_whatever_desk(office: Office) -> None:
    colleague, other = await office.phone("200"), await office.phone("201")
    desk = await office.desk("HD0001")
    async with when_logged_out(office, "105", "extension:104"):
        assert await refusal(await colleague.call("105")) == 480
        await office.hotdesk("login", "104", "HD0001")
        call = await colleague.call("105")
        await rings(desk, caller=COLLEAGUE)
        await call.hangup()

    # It may be a number of the PBX, as the user could dial it.
    async with when_logged_out(office, "105", "extension:201"):
        call = await colleague.call("105")
        await rings(other, caller=COLLEAGUE)
        await call.hangup()


async def test_extensions_that_lead_in_a_circle_end(office: Office) -> None:
    colleague = await office.phone("200")
    async with (
        when_logged_out(office, "104", "extension:105"),
        when_logged_out(office, "105", "number:104"),
    ):
        call = await colleague.call("104")
        async with asyncio.timeout(5):
            assert await refusal(call) == 480
    await eventually(lambda: not office.channels(), "no channel is left", within=5)


async def test_the_pbx_may_decide_what_callers_get(office: Office) -> None:
    """The lab's PBX has a context hotdesk-custom-logged-out, in which there is 106."""
    colleague, other = await office.phone("200"), await office.phone("201")
    desk = await office.desk("HD0001")
    office.afterwards("user", "remove", "106", "--yes")
    treatment = ("--when-logged-out", "voicemail:105@default")
    await office.hotdesk("user", "add", "106", "--name", "Gus", *treatment)
    await eventually(
        lambda: "106," in office.lab.pbx.cli("dialplan show 106@hotdesk-users"),
        "the dialplan knows him",
    )

    call = await colleague.call("106")
    await rings(other, caller=COLLEAGUE)
    await call.hangup()
    await office.hotdesk("login", "106", "HD0001")
    call = await colleague.call("106")
    await rings(desk, caller=COLLEAGUE)
    await call.hangup()


async def test_a_phone_of_her_own_rings_beside_the_desk(office: Office) -> None:
    desk, own = await office.desk("HD0001"), await office.phone("201")
    colleague = await office.phone("200")
    async with takes_along(office, "105", "--fixed-endpoint", "201"):
        await eventually(
            lambda: "PJSIP/201" in office.lab.pbx.cli("core show hint 105"),
            "lamps follow her own phone",
        )
        lamp = await colleague.subscribe_dialog("105")
        await lamp.becomes("terminated")
        # Alone while she sits nowhere …
        call = await colleague.call("105")
        ringing = await rings(own, caller=COLLEAGUE)
        await lamp.becomes("early")
        await ringing.reject()
        assert await refusal(call) == 486

        # … and together with the desk: whichever is answered first.
        await office.sit_down(desk, "105")
        call = await colleague.call("105")
        at_desk = await rings(desk, caller=COLLEAGUE)
        at_own = await rings(own, caller=COLLEAGUE)
        await at_own.answer()
        await call.answered()
        await at_desk.ended()
        await lamp.becomes("confirmed")
        await call.hangup()
        await lamp.becomes("terminated")

        # The desk's phone alone is enough.
        await own.unregister()
        call = await colleague.call("105")
        await rings(desk, caller=COLLEAGUE)
        await call.hangup()


async def test_a_phone_of_her_own_that_is_away_leaves_it_to_the_treatment(
    office: Office,
) -> None:
    colleague = await office.phone("200")
    voicemail = "voicemail:105@default"
    async with takes_along(
        office, "105", "--fixed-endpoint", "201", "--when-logged-out", voicemail
    ):
        await leaves_a_message(office, colleague, "105")


async def test_equal_extensions_of_two_accounts_do_not_meet(office: Office) -> None:
    """100 of the account north is somebody else, wherever either of them sits."""
    await office.hotdesk("user", "add", "100", "--name", "North", *NORTH)
    office.afterwards("user", "remove", "100", *NORTH, "--yes")
    mine, theirs = await office.desk("HD0001"), await office.desk("HD0002")
    colleague, caller = await office.phone("200"), await office.phone("201")
    lamp = await colleague.subscribe_dialog("100")
    await office.sit_down(theirs, "100")
    await lights(lamp, caller, theirs)

    # The desk moves to the other account: idle first, and its routes are gone.
    office.afterwards("device", "edit", "HD0002", "--account", "default")
    await office.hotdesk("device", "edit", "HD0002", *NORTH)
    await eventually(
        lambda: "/hotdesk/user/default/100" not in office.routes(), "no route is left"
    )
    assert office.sitting() == {}
    assert await refusal(await colleague.call("100")) == 480
    await lamp.becomes("terminated")
    refused = await office.hotdesk("login", "100", "HD0002", check=False)
    assert "belongs to account default" in refused.stderr

    await office.hotdesk("login", "100", "HD0002", *NORTH)
    await office.sit_down(mine, "100")
    await theirs.shows("North 100")
    await lights(lamp, caller, mine)
    assert sip_phone(theirs).incoming[1:] == []
    # By the users' own contexts, each is reached.
    call = await colleague.call("3100")
    await rings(theirs, caller=Party("Fixed phone 200", "200"))
    await call.hangup()


async def test_a_queue_member_is_paused_while_the_user_sits_nowhere(
    office: Office,
) -> None:
    member = ("--queue-interface", "Local/105@internal/n")
    async with takes_along(office, "105", *member):
        await paused(office, True)
        await office.hotdesk("login", "105", "HD0001")
        await paused(office, False)
        await office.hotdesk("login", "105", "HD0002")
        await paused(office, False)
        await office.hotdesk("logout", "105")
        await paused(office, True)

        # Whoever takes a break stays paused, whatever we do meanwhile …
        await office.hotdesk("login", "105", "HD0001")
        await paused(office, False)
        cli = office.lab.pbx.cli
        cli("queue pause member Local/105@internal/n queue support reason lunch")
        await office.hotdesk("user", "edit", "105", "--ringtone", "2")
        await asyncio.to_thread(office.lab.stop_service)
        await asyncio.to_thread(office.lab.start_service)
        assert "paused:lunch" in cli("queue show support")
        # … and an Asterisk that has forgotten who is away is told.
        await office.hotdesk("logout", "105")
        await paused(office, True)
        await asyncio.to_thread(office.lab.pbx.restart)
        await paused(office, True)
        await office.hotdesk("login", "105", "HD0001")
        await paused(office, False)
        cli("queue unpause member Local/105@internal/n")


async def paused(office: Office, wanted: bool) -> None:
    """Return once the queue's member is paused by us, or not at all."""
    shown = ""

    def is_so() -> bool:
        nonlocal shown
        shown = office.lab.pbx.cli("queue show support")
        by_us = "(paused:hotdesk" in shown
        return by_us if wanted else "Local/105@" in shown and "paused" not in shown

    await eventually(is_so, lambda: shown, within=15)
