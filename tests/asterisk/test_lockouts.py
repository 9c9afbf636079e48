"""Who guesses PINs must wait: per user, per device, in total, and is told so."""

from __future__ import annotations

from tests.asterisk.conftest import Office, Voice, eventually, press, press_pin
from tests.lab.phone import Call
from tests.lab.snom import VirtualSnom

LOCKED = ("confbridge-pin-bad", "please-try-call-later", "vm-goodbye")


async def test_five_wrong_pins_lock_a_user_at_every_desk(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    await guess(office, desk, "100", times=3)

    voice = office.voice(desk)
    call = await desk.dial("*77*100*")
    await press_wrong(office, voice, call, "100", times=2)
    await press_pin(call, office.pin("100"))
    await call.ended(within=10)
    assert tuple(voice.said()[-3:]) == LOCKED
    assert call.ended_by == "them"
    assert office.sitting() == {}
    assert office.recorded("refused")[-1] == ("locked_out", "100", "HD0001")

    # The lock is the user's, not the desk's: at another desk she is locked, too, and
    # at this desk others are not.
    assert await is_locked(office, other_desk, "100")
    await office.sit_down(desk, "101")

    done = await office.hotdesk("unlock", "100")
    assert "100 may try again; wrong PINs forgotten: 5" in done.stdout
    await office.sit_down(other_desk, "100")


async def test_the_lock_of_a_user_ends_and_grows(office: Office) -> None:
    desk = await office.desk("HD0001")
    await guess(office, desk, "100", times=1)
    user = "user:%"

    def wrong(times: int, seconds_ago: int) -> None:
        office.rows(
            "UPDATE pin_attempts SET failures = %s,"
            " last_failed_at = now() - make_interval(secs => %s)"
            " WHERE subject LIKE %s RETURNING subject",
            times,
            seconds_ago,
            user,
        )

    wrong(times=5, seconds_ago=20)
    assert await is_locked(office, desk, "100")
    wrong(times=6, seconds_ago=40)
    assert await is_locked(office, desk, "100")
    wrong(times=5, seconds_ago=31)
    await office.sit_down(desk, "100")
    assert office.rows("SELECT 1 FROM pin_attempts WHERE subject LIKE %s", user) == []


async def test_twenty_wrong_pins_lock_a_user_until_an_administrator_unlocks(
    office: Office,
) -> None:
    desk = await office.desk("HD0001")
    await guess(office, desk, "100", times=1)
    office.rows(
        "UPDATE pin_attempts SET failures = 19, last_failed_at = now() - '1 week'::"
        "interval WHERE subject LIKE 'user:%%' RETURNING subject"
    )
    await guess(office, desk, "100", times=1)
    office.rows(
        "UPDATE pin_attempts SET last_failed_at = now() - '1 week'::interval"
        " RETURNING subject"
    )

    assert await is_locked(office, desk, "100")

    await office.hotdesk("unlock", "100")
    await office.sit_down(desk, "100")


async def test_ten_wrong_pins_lock_a_desk_for_everybody(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    await guess(office, desk, "100", times=1)
    had(office, "device:HD0001", times=9)
    # An extension that nobody has counts like any other.
    await guess(office, desk, "199", times=1)

    assert await is_locked(office, desk, "101")
    assert office.recorded("refused")[-1] == ("locked_out", "101", "HD0001")
    await office.sit_down(other_desk, "101")

    await office.hotdesk("unlock", "HD0001")
    await office.sit_down(desk, "102")


async def test_a_hundred_wrong_pins_lock_all_desks(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    await office.sit_down(other_desk, "101")
    await guess(office, desk, "100", times=1)
    had(office, "total", times=99)
    await guess(office, desk, "100", times=1)

    assert await is_locked(office, desk, "102")
    assert await is_locked(office, other_desk, "103")

    # Giving a desk back needs no PIN, and so no luck.
    voice = office.voice(other_desk)
    call = await other_desk.dial("*77*5*")
    await voice.says("vm-extension")
    await call.hangup()
    assert office.sitting() == {}

    await office.hotdesk("unlock", "--all")
    await office.sit_down(desk, "102")


def had(office: Office, subject: str, *, times: int) -> None:
    """Let *subject* have had so many wrong PINs."""
    changed = office.rows(
        "UPDATE pin_attempts SET failures = %s WHERE subject = %s RETURNING subject",
        times,
        subject,
    )
    assert changed


async def guess(
    office: Office, desk: VirtualSnom, extension: str, *, times: int
) -> None:
    """Press a wrong PIN so many times, in one call."""
    voice = office.voice(desk)
    call = await desk.dial(f"*77*{extension}*")
    await press_wrong(office, voice, call, extension, times=times)
    await call.hangup()


async def press_wrong(
    office: Office, voice: Voice, call: Call, extension: str, *, times: int
) -> None:
    """Press a wrong PIN so many times."""
    whose = "100" if extension == "199" else extension
    for time in range(1, times + 1):
        await press_pin(call, office.wrong_pin(whose))
        await eventually(
            lambda n=time: voice.said().count("vm-incorrect") == n,  # type: ignore[misc]
            f"refusal {time}",
        )


async def is_locked(office: Office, desk: VirtualSnom, extension: str) -> bool:
    """Return whether the voice says "try again later", even to the right PIN."""
    voice = office.voice(desk)
    call = await desk.dial(f"*77*{extension}*")
    await voice.says("agent-pass")
    await call.hears(0.2)
    await press(call, office.pin(extension))
    await eventually(
        lambda: LOCKED[0] in voice.said() or "vm-extension" in voice.said(),
        "the voice says yes or no",
    )
    await call.hangup()
    return LOCKED[0] in voice.said()
