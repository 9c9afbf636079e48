"""A call from the first prompt to the end, with a caller who does what people do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.config import PinsConfig, PromptsConfig
from asterisk_hotdesk.dialogue import Answer, End, Prompt
from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    LockedOut,
    MayNotLogOthersOut,
    NobodyLoggedIn,
    NotAHotDesk,
    PinExpired,
    Unavailable,
)
from asterisk_hotdesk.ivr import (
    UNAVAILABLE_CONTEXT,
    Caller,
    Ivr,
    Sounds,
    available_sounds,
)
from asterisk_hotdesk.login import HotDesks, Outcome
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.stasis import Channel, Gone, HungUp, PlaybackDone, Pressed
from tests.unit.test_phones import ALICE, DEVICE

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PIN = "730519"
ASK = (Prompt.ASK_PIN,)
SOUNDS = Sounds(PromptsConfig())
SILENCE_SECONDS = 0.02


class Line(Channel):
    """A channel whose caller follows a script, one for each time they hear something.

    In a script, `.` is the end of what is played, `!` hangs up, and all else are keys.
    """

    def __init__(self, *scripts: str, args: Sequence[str] = ()) -> None:
        super().__init__(cast(Ari, None), "1.1", args)
        self.scripts = list(scripts)
        self.said: list[tuple[str, ...]] = []
        self.languages: set[str] = set()
        self.stopped: list[str] = []
        self.ended = ""
        self.gone = False
        self.broken: Exception | None = None
        self.stuck: Exception | None = None

    async def play(self, media: Sequence[str], language: str) -> str:
        if self.gone:
            raise HungUp
        if self.broken:
            raise self.broken
        assert media
        self.said.append(tuple(media))
        self.languages.add(language)
        playback = f"playback {len(self.said)}"
        self.act(self.scripts.pop(0) if self.scripts else ".", playback)
        return playback

    def act(self, script: str, playback: str) -> None:
        for key in script:
            if self.gone:
                return
            if key == "!":
                self.gone = True
                self.inputs.put_nowait(Gone())
            elif key == ".":
                self.inputs.put_nowait(PlaybackDone(playback))
            else:
                self.inputs.put_nowait(Pressed(key))

    async def stop(self, playback: str) -> None:
        self.stopped.append(playback)

    async def hang_up(self) -> None:
        self.ended = "hung up"

    async def leave(self, context: str) -> None:
        if self.stuck:
            raise self.stuck
        self.ended = f"left to {context}"


def caller(line: Line, sounds: Sounds = SOUNDS) -> Caller:
    return Caller(line, sounds, "en", SILENCE_SECONDS)


async def asked(script: str, most_digits: int = 6) -> tuple[Answer, Line]:
    """Return what was answered to a question, in time."""
    line = Line(script)
    answer = await asyncio.wait_for(caller(line).ask(ASK, most_digits), 5)
    return answer, line


# Asking ----------------------------------------------------------------------

ANSWERS = [
    pytest.param(".730519", PIN, End.COMPLETE, id="after the prompt"),
    pytest.param("730519", PIN, End.COMPLETE, id="into the prompt"),
    pytest.param("7.30519", PIN, End.COMPLETE, id="from within the prompt"),
    pytest.param(".73#", "73", End.COMPLETE, id="ended with the hash"),
    pytest.param("73.#", "73", End.COMPLETE, id="in the prompt, ended with the hash"),
    pytest.param("#730519", PIN, End.COMPLETE, id="a hash in front"),
    pytest.param(".##73#", "73", End.COMPLETE, id="many a hash in front"),
    pytest.param(".7305191", PIN, End.COMPLETE, id="a digit too many"),
    pytest.param(".73", "73", End.SILENCE, id="stopped in the middle"),
    pytest.param(".", "", End.SILENCE, id="nothing"),
    pytest.param(".#", "", End.SILENCE, id="only a hash"),
    pytest.param("7.", "7", End.SILENCE, id="only one, into the prompt"),
    pytest.param("*", "", End.START_OVER, id="a star into the prompt"),
    pytest.param(".*", "", End.START_OVER, id="a star"),
    pytest.param(".7305*19", "", End.START_OVER, id="a star in the middle"),
    pytest.param("..7.3..#.", "73", End.COMPLETE, id="ends of other playbacks"),
]


@pytest.mark.parametrize(("script", "digits", "end"), ANSWERS)
async def test_an_answer_is_what_was_pressed_until_its_end(
    script: str, digits: str, end: End
) -> None:
    answer, _ = await asked(script)

    assert answer == Answer(digits, end)


@pytest.mark.parametrize(
    ("script", "silenced"),
    [
        ("730519", True),
        ("7.30519", True),
        ("*", True),
        ("#7.#", True),
        (".730519", False),
        (".", False),
        ("#.", False),
        (".*", False),
    ],
)
async def test_the_first_key_silences_the_prompt_and_only_once(
    script: str, silenced: bool
) -> None:
    _, line = await asked(script)

    assert line.stopped == (["playback 1"] if silenced else [])


async def test_a_digit_too_many_is_not_lost_but_the_next_answer_s() -> None:
    line = Line("7305191", "00#")
    who = caller(line)

    first = await who.ask(ASK, 6)
    second = await who.ask(ASK, 6)

    assert (first.digits, second.digits) == (PIN, "100")


async def test_a_hash_after_the_last_digit_is_no_answer_to_the_next_question() -> None:
    line = Line("730519#", ".123456")
    who = caller(line)

    await who.ask(ASK, 6)
    second = await who.ask(ASK, 6)

    assert second == Answer("123456", End.COMPLETE)


async def test_nobody_is_hurried_while_the_prompt_plays() -> None:
    line = Line("")
    asyncio.get_running_loop().call_later(
        4 * SILENCE_SECONDS, line.act, "73#", "playback 1"
    )

    answer = await asyncio.wait_for(caller(line).ask(ASK, 6), 5)

    assert answer == Answer("73", End.COMPLETE)


@pytest.mark.parametrize(("script", "digits", "end"), ANSWERS)
async def test_whoever_hangs_up_while_asked_is_gone(
    script: str, digits: str, end: End
) -> None:
    for moment in range(len(script) + 1):
        line = Line(f"{script[:moment]}!")
        try:
            answer = await asyncio.wait_for(caller(line).ask(ASK, 6), 5)
        except HungUp:
            continue
        # The answer was complete before.
        assert end is not End.SILENCE
        assert answer == Answer(digits, end)


async def test_whoever_was_gone_before_hears_nothing() -> None:
    line = Line()
    line.gone = True

    with pytest.raises(HungUp):
        await caller(line).ask(ASK, 6)
    with pytest.raises(HungUp):
        await caller(line).say(ASK)


# Saying ----------------------------------------------------------------------


async def test_keys_do_not_interrupt_what_is_said() -> None:
    line = Line("12*#.")

    await asyncio.wait_for(caller(line).say((Prompt.GOODBYE,)), 5)

    assert line.said == [("sound:vm-goodbye",)]
    assert line.stopped == []


@pytest.mark.parametrize("script", ["!", "12!", "#!"])
async def test_whoever_hangs_up_while_told_is_gone(script: str) -> None:
    with pytest.raises(HungUp):
        await asyncio.wait_for(caller(Line(script)).say((Prompt.GOODBYE,)), 5)


async def test_the_end_of_an_earlier_prompt_is_not_the_end_of_this_one() -> None:
    line = Line("7", "")
    who = caller(line)
    await who.ask(ASK, 1)
    saying = asyncio.create_task(who.say((Prompt.GOODBYE,)))
    await asyncio.wait({saying}, timeout=0)
    line.act(".", "playback 1")
    done, _ = await asyncio.wait({saying}, timeout=SILENCE_SECONDS)
    assert not done

    line.act(".", "playback 2")

    await asyncio.wait_for(saying, 5)


# Sounds ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompts", "number", "media"),
    [
        ((Prompt.GOODBYE,), "", ["sound:vm-goodbye"]),
        (
            (Prompt.LOGGED_IN,),
            "100",
            ["sound:vm-extension", "digits:100", "sound:agent-loginok"],
        ),
        ((Prompt.LOGGED_IN,), "", ["sound:vm-extension", "sound:agent-loginok"]),
        (
            (Prompt.BAD_CREDENTIALS, Prompt.ASK_PIN),
            "",
            ["sound:vm-incorrect", "sound:agent-pass"],
        ),
    ],
)
def test_a_prompt_is_its_sounds_one_after_the_other(
    prompts: tuple[Prompt, ...], number: str, media: list[str]
) -> None:
    assert SOUNDS.media(prompts, number) == media


def test_a_prompt_whose_sounds_are_all_missing_is_a_beep() -> None:
    sounds = Sounds(
        PromptsConfig(goodbye=(), logged_out=("NUMBER",)),
        frozenset({"agent-pass", "agent-loginok", "vm-extension"}),
    )

    assert sounds.media((Prompt.ASK_PIN,)) == ["sound:beep"]
    assert sounds.media((Prompt.GOODBYE,)) == ["sound:beep"]
    assert sounds.media((Prompt.LOGGED_IN,), "100") == ["sound:beep", "digits:100"]
    assert sounds.media((Prompt.LOGGED_OUT,)) == ["sound:beep"]


EVERY_SOUND = {name for sounds in PromptsConfig() for name in sounds[1]} - {"NUMBER"}


@settings(deadline=None)
@given(
    st.frozensets(st.sampled_from(sorted(EVERY_SOUND))),
    st.lists(st.sampled_from(list(Prompt)), min_size=1, max_size=3),
    st.sampled_from(["", "100"]),
)
def test_nothing_that_is_missing_is_played_and_no_prompt_is_silent(
    missing: frozenset[str], prompts: list[Prompt], number: str
) -> None:
    sounds = Sounds(PromptsConfig(), missing)

    for prompt in prompts:
        assert any(m.startswith("sound:") for m in sounds.media([prompt], number))
    media = sounds.media(prompts, number)
    assert not {f"sound:{name}" for name in missing - {"beep"}} & set(media)
    assert "digits:" not in media


async def test_what_asterisk_lacks_is_found_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class LittleAsterisk:
        async def sound_languages(self, sound: str) -> frozenset[str] | None:
            assert sound != "NUMBER"
            return None if sound.startswith("agent") else frozenset({"en"})

    sounds = await available_sounds(cast(Ari, LittleAsterisk()), PromptsConfig())

    assert sounds.missing == {name for name in EVERY_SOUND if "agent" in name}
    assert len(caplog.messages) == len(sounds.missing)
    assert all("install Asterisk's core sounds" in line for line in caplog.messages)


# Whole calls -----------------------------------------------------------------


@dataclass
class Desks:
    """What comes of each attempt; an outcome where nothing else is said."""

    results: list[Exception | bool] = field(default_factory=list)
    """An error, or whether the change is in force."""
    tried: list[tuple[str, ...]] = field(default_factory=list)
    no_desk: Exception | None = None
    """What the phone hears before anything is asked."""
    sits_here: str = ""

    def _next(self) -> Outcome:
        result = self.results.pop(0) if self.results else True
        if isinstance(result, Exception):
            raise result
        return Outcome(replace(ALICE, extension="100"), DEVICE, routed=result)

    async def log_in(
        self, _: object, *, extension: str, pin: str, device_name: str, now: datetime
    ) -> Outcome:
        assert now == NOW
        self.tried.append(("login", extension, pin, device_name))
        return self._next()

    async def require_hot_desk(
        self, _: object, *, device_name: str, now: datetime
    ) -> None:
        assert now == NOW
        if self.no_desk:
            raise self.no_desk

    async def extension_at(self, _: object, *, device_name: str) -> str:
        assert device_name == "HD0001"
        return self.sits_here

    async def check_pin_to_change(
        self, _: object, *, extension: str, pin: str, device_name: str, now: datetime
    ) -> None:
        assert now == NOW
        self.tried.append(("check", extension, pin, device_name))
        self._next()

    async def change_pin(
        self,
        _: object,
        *,
        extension: str,
        old: str,
        new: str,
        device_name: str,
        now: datetime,
    ) -> None:
        assert now == NOW
        self.tried.append(("change", extension, old, new, device_name))
        self._next()

    async def require_may_log_others_out(
        self, _: object, *, device_name: str, now: datetime
    ) -> str:
        assert (device_name, now) == ("HD0001", NOW)
        if not self.sits_here:
            raise MayNotLogOthersOut
        return self.sits_here

    async def log_other_out(
        self,
        _: object,
        *,
        extension: str,
        by: str,
        pin: str,
        device_name: str,
        now: datetime,
    ) -> Outcome:
        assert now == NOW
        self.tried.append(("log other out", extension, by, pin, device_name))
        return self._next()

    async def log_out(self, _: object, *, device_name: str, now: datetime) -> Outcome:
        assert now == NOW
        self.tried.append(("logout", device_name))
        return self._next()


@pytest.fixture
def desks(monkeypatch: pytest.MonkeyPatch) -> Desks:
    desks = Desks()
    for name in (
        "login.log_in",
        "login.log_out",
        "login.require_hot_desk",
        "login.extension_at",
        "by_pin.check_pin_to_change",
        "by_pin.change_pin",
        "by_pin.require_may_log_others_out",
        "by_pin.log_other_out",
    ):
        _, _, what = name.partition(".")
        monkeypatch.setattr(f"asterisk_hotdesk.{name}", getattr(desks, what))
    return desks


LIMITS = PinsConfig().model_copy(update={"silence_seconds": SILENCE_SECONDS})
IVR = Ivr(
    HotDesks(cast(Any, None), cast(Any, None), LIMITS, "move"),
    SOUNDS,
    "en",
    lambda: NOW,
)
DIALLED = ("login", "100", "HD0001", "de")
ASKED = ("login", "", "HD0001", "")
LOGOUT = ("logout", "", "HD0001", "")
CHANGE = ("change_pin", "", "HD0001", "")
OTHER = ("log_other_out", "100", "HD0001", "")
NEW = "739251"


async def served(*scripts: str, args: Sequence[str] = DIALLED) -> Line:
    line = Line(*scripts, args=args)
    await asyncio.wait_for(IVR.serve(line), 5)
    return line


def words(*prompts: Prompt, number: str = "") -> tuple[str, ...]:
    return tuple(SOUNDS.media(prompts, number))


async def test_a_login_is_confirmed_and_the_call_ends(desks: Desks) -> None:
    line = await served(f".{PIN}")

    assert desks.tried == [("login", "100", PIN, "HD0001")]
    assert line.said == [words(Prompt.ASK_PIN), words(Prompt.LOGGED_IN, number="100")]
    assert line.languages == {"de"}
    assert line.ended == "hung up"


@pytest.mark.parametrize(
    ("reason", "prompts"),
    [
        (NotAHotDesk(), (Prompt.NOT_A_HOT_DESK, Prompt.GOODBYE)),
        (Unavailable("PostgreSQL is away"), (Prompt.UNAVAILABLE,)),
    ],
)
async def test_nobody_is_asked_for_a_pin_in_vain(
    desks: Desks, reason: Exception, prompts: tuple[Prompt, ...]
) -> None:
    desks.no_desk = reason

    line = await served()

    assert line.said == [words(*prompts)]
    assert desks.tried == []
    assert line.ended == "hung up"


async def test_whoever_dialled_no_extension_types_it(desks: Desks) -> None:
    line = await served(".100#", f".{PIN}", args=ASKED)

    assert desks.tried == [("login", "100", PIN, "HD0001")]
    assert line.said[0] == words(Prompt.ASK_EXTENSION)
    assert line.languages == {"en"}


async def test_another_is_logged_out_with_the_pin_of_who_sits_there(
    desks: Desks,
) -> None:
    desks.sits_here = "101"

    line = await served(f".{PIN}", args=OTHER)

    assert desks.tried == [("log other out", "100", "101", PIN, "HD0001")]
    assert line.said == [words(Prompt.ASK_PIN), words(Prompt.LOGGED_OUT, number="100")]


async def test_who_may_log_nobody_out_is_not_asked_for_a_pin(desks: Desks) -> None:
    line = await served(args=OTHER)

    assert desks.tried == []
    assert line.said == [words(Prompt.MAY_NOT_LOG_OTHERS_OUT, Prompt.GOODBYE)]
    assert line.ended == "hung up"


async def test_a_logout_needs_no_key(desks: Desks) -> None:
    line = await served(args=LOGOUT)

    assert desks.tried == [("logout", "HD0001")]
    assert line.said == [words(Prompt.LOGGED_OUT, number="100")]
    assert line.ended == "hung up"


async def test_whoever_sits_there_changes_the_pin(desks: Desks) -> None:
    desks.sits_here = "100"

    line = await served(f".{PIN}", f".{NEW}", f".{NEW}", args=CHANGE)

    assert desks.tried == [
        ("check", "100", PIN, "HD0001"),
        ("change", "100", PIN, NEW, "HD0001"),
    ]
    assert line.said == [
        words(Prompt.ASK_PIN),
        words(Prompt.ASK_NEW_PIN),
        words(Prompt.ASK_NEW_PIN_AGAIN),
        words(Prompt.PIN_CHANGED),
    ]
    assert line.ended == "hung up"


async def test_at_an_idle_desk_whoever_changes_a_pin_says_whose(desks: Desks) -> None:
    await served(".100#", f".{PIN}", f".{NEW}", f".{NEW}", args=CHANGE)

    assert desks.tried[1] == ("change", "100", PIN, NEW, "HD0001")


async def test_an_outage_while_a_pin_is_changed_is_told(desks: Desks) -> None:
    desks.results = [True, Unavailable("PostgreSQL is away")]

    line = await served(".100#", f".{PIN}", f".{NEW}", f".{NEW}", args=CHANGE)

    assert line.said[-1] == words(Prompt.UNAVAILABLE)
    assert line.ended == "hung up"


async def test_too_old_a_pin_is_changed_on_the_way_to_the_login(desks: Desks) -> None:
    desks.results = [PinExpired()]

    line = await served(f".{PIN}", f".{NEW}", f".{NEW}")

    assert desks.tried == [
        ("login", "100", PIN, "HD0001"),
        ("change", "100", PIN, NEW, "HD0001"),
        ("login", "100", NEW, "HD0001"),
    ]
    assert line.said[1] == words(Prompt.PIN_EXPIRED, Prompt.ASK_NEW_PIN)
    assert line.said[-1] == words(Prompt.LOGGED_IN, number="100")


async def test_extension_0_logs_out(desks: Desks) -> None:
    await served(args=("login", "0", "HD0001", ""))
    await served(".0#", args=ASKED)

    assert desks.tried == [("logout", "HD0001")] * 2


async def test_three_wrong_pins_end_the_call(desks: Desks) -> None:
    desks.results = [BadCredentials(), BadCredentials(), BadCredentials()]

    line = await served(".111222", ".111222", ".111222", ".111222")

    assert len(desks.tried) == 3
    assert line.said == [
        words(Prompt.ASK_PIN),
        words(Prompt.BAD_CREDENTIALS, Prompt.ASK_PIN),
        words(Prompt.BAD_CREDENTIALS, Prompt.ASK_PIN),
        words(Prompt.BAD_CREDENTIALS, Prompt.GOODBYE),
    ]
    assert line.ended == "hung up"


async def test_a_second_pin_may_be_right(desks: Desks) -> None:
    desks.results = [BadCredentials()]

    line = await served(".111222", f".{PIN}")

    assert line.said[-1] == words(Prompt.LOGGED_IN, number="100")


async def test_whoever_says_nothing_is_sent_away(desks: Desks) -> None:
    line = await served()

    assert desks.tried == []
    assert line.said == [*[words(Prompt.ASK_PIN)] * 3, words(Prompt.GOODBYE)]
    assert line.ended == "hung up"


@pytest.mark.parametrize(
    ("refusal", "prompt"),
    [
        (LockedOut(), Prompt.LOCKED_OUT),
        (NotAHotDesk(), Prompt.NOT_A_HOT_DESK),
        (AlreadyLoggedIn(), Prompt.ALREADY_LOGGED_IN),
        (NobodyLoggedIn(), Prompt.NOBODY_LOGGED_IN),
    ],
)
async def test_a_refusal_is_said_in_its_own_words(
    desks: Desks, refusal: Exception, prompt: Prompt
) -> None:
    desks.results = [refusal]

    line = await served(f".{PIN}")

    assert line.said[1] == words(prompt, Prompt.GOODBYE, number="100")
    assert line.ended == "hung up"


@pytest.mark.parametrize("result", [False, Unavailable("PostgreSQL is away")])
@pytest.mark.parametrize("args", [DIALLED, LOGOUT])
async def test_what_is_not_in_force_is_not_confirmed(
    desks: Desks, result: Exception | bool, args: Sequence[str]
) -> None:
    desks.results = [result]

    line = await served(*([f".{PIN}"] if args == DIALLED else []), args=args)

    assert line.said[-1] == words(Prompt.UNAVAILABLE)
    assert line.ended == "hung up"


async def test_a_mistake_of_ours_ends_with_an_apology_and_tells_no_pin(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desks.results = [ZeroDivisionError("a mistake of ours")]

    line = await served(f".{PIN}")

    assert line.ended == f"left to {UNAVAILABLE_CONTEXT}"
    assert "a mistake of ours" in caplog.text
    assert PIN not in caplog.text


async def test_no_call_however_it_goes_writes_a_key_into_the_log(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desks.results = [BadCredentials(), Unavailable("away")]

    await served(f".{PIN}", f".{PIN}")
    await served(f".{PIN}!")

    assert PIN not in caplog.text


@pytest.mark.parametrize("stuck", [None, Unavailable("ARI is away")])
async def test_if_nothing_can_be_played_the_dialplan_apologises(
    desks: Desks, stuck: Exception | None
) -> None:
    line = Line(args=DIALLED)
    line.broken, line.stuck = Unavailable("ARI is away"), stuck

    await IVR.serve(line)

    assert line.ended == ("" if stuck else f"left to {UNAVAILABLE_CONTEXT}")


@pytest.mark.parametrize(
    "args", [(), ("",), ("login",), ("x", "y"), ("login", "", "", "", "more", "and")]
)
async def test_whatever_the_dialplan_passes_the_call_ends(
    desks: Desks, args: Sequence[str]
) -> None:
    desks.results = [NotAHotDesk()]

    line = await served(".100#", f".{PIN}", args=args)

    assert line.ended == "hung up"


@pytest.mark.parametrize(
    ("args", "scripts"),
    [
        (DIALLED, [f".{PIN}", "."]),
        (DIALLED, [".111222", f".{PIN}", "."]),
        (DIALLED, [".", ".*", f"7.*{PIN}#", "."]),
        (ASKED, [".100#", f".{PIN}", "."]),
        (LOGOUT, ["."]),
        (CHANGE, [".100#", f".{PIN}", f".{NEW}", f".{NEW}", "."]),
    ],
)
async def test_whoever_hangs_up_at_any_moment_leaves_nothing_behind(
    desks: Desks,
    args: Sequence[str],
    scripts: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = "|".join(scripts)
    for moment in range(len(whole) + 1):
        desks.results = [BadCredentials()] if "111222" in whole else []

        line = await served(*f"{whole[:moment]}!".split("|"), args=args)

        assert line.ended in ("", "hung up")
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
