"""What a caller hears next: every conversation is short and gives nothing away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.config import PromptsConfig
from asterisk_hotdesk.dialogue import (
    Answer,
    Ask,
    ChangePin,
    CheckPin,
    Dialogue,
    End,
    Finish,
    Prompt,
    Step,
    TryLogin,
    TryLogOtherOut,
    TryLogout,
    prompt_for,
)
from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    InEmergency,
    LockedOut,
    MayNotLogOthersOut,
    NobodyLoggedIn,
    NoLocation,
    NoPhoneLogin,
    NotAHotDesk,
    NotAllowed,
    OtherAccount,
    PinExpired,
    PinOfMailbox,
    Refused,
    UnknownExtension,
    WeakPin,
)

PIN = "730519"
WRONG = "111222"
NEW = "739251"
WEAK = "123456"
SILENCE = Answer("", End.SILENCE)
STAR = Answer("", End.START_OVER)
ALIKE = (BadCredentials, UnknownExtension, NotAllowed, NoPhoneLogin, OtherAccount)
OTHER_REFUSALS = (LockedOut, NotAHotDesk, AlreadyLoggedIn, NoLocation, InEmergency)

digits = st.text("0123456789", min_size=1, max_size=10)
answers = st.one_of(
    st.builds(Answer, digits, st.sampled_from([End.COMPLETE, End.SILENCE])),
    st.just(SILENCE),
    st.just(Answer("", End.COMPLETE)),
    st.just(STAR),
)
dialled = st.one_of(st.just(""), digits)
all_tries = st.integers(1, 6)


def dialogue(tries: int = 3) -> Dialogue:
    return Dialogue(most_digits=6, pin_length=6, tries=tries)


def pressed(keys: str) -> Answer:
    return Answer(keys, End.COMPLETE)


def ask_extension(*before: Prompt) -> Ask:
    return Ask((*before, Prompt.ASK_EXTENSION), 10)


def ask_pin(*before: Prompt) -> Ask:
    return Ask((*before, Prompt.ASK_PIN), 6)


def ask_new_pin(*before: Prompt) -> Ask:
    return Ask((*before, Prompt.ASK_NEW_PIN), 6)


def ask_new_pin_again() -> Ask:
    return Ask((Prompt.ASK_NEW_PIN_AGAIN,), 6)


def every_refusal(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Return *kind* and all kinds of it."""
    yield kind
    for special in kind.__subclasses__():
        yield from every_refusal(special)


def conversation(
    call: Dialogue,
    extension: str,
    given_answers: Iterable[Answer],
    refusal: Callable[[], Refused],
) -> list[Step]:
    """Return all steps of a call whose logins are all refused."""
    heard = iter(given_answers)
    steps = [call.log_in(extension)]
    while not isinstance(steps[-1], Finish):
        match steps[-1]:
            case Ask():
                steps.append(call.heard(next(heard)))
            case TryLogin():
                steps.append(call.refused(refusal()))
            case _:
                steps.append(call.refused(NobodyLoggedIn()))
    return steps


def test_whoever_dials_an_extension_is_asked_for_the_pin_only() -> None:
    call = dialogue()

    assert call.log_in("100") == ask_pin()
    assert call.heard(pressed(PIN)) == TryLogin("100", PIN)
    assert call.logged_in("100") == Finish((Prompt.LOGGED_IN,), "100")


def test_whoever_dials_the_prefix_alone_is_asked_for_both() -> None:
    call = dialogue()

    assert call.log_in("") == ask_extension()
    assert call.heard(pressed("100")) == ask_pin()
    assert call.heard(pressed(PIN)) == TryLogin("100", PIN)


def test_the_code_to_log_out_asks_nothing() -> None:
    call = dialogue()

    assert call.log_out() == TryLogout()
    assert call.logged_out("100") == Finish((Prompt.LOGGED_OUT,), "100")


def test_extension_0_logs_out_whether_dialled_or_typed() -> None:
    asked = dialogue()

    assert dialogue().log_in("0") == TryLogout()
    assert asked.log_in("") == ask_extension()
    assert asked.heard(pressed("0")) == TryLogout()


def test_a_pin_of_0_is_a_pin() -> None:
    call = dialogue()
    call.log_in("100")

    assert call.heard(pressed("0")) == TryLogin("100", "0")


def test_digits_before_a_silence_are_an_answer() -> None:
    call = dialogue()
    call.log_in("100")

    assert call.heard(Answer("73", End.SILENCE)) == TryLogin("100", "73")


def test_after_a_wrong_pin_a_dialled_extension_is_kept() -> None:
    call = dialogue()
    call.log_in("100")
    call.heard(pressed(WRONG))

    assert call.refused(BadCredentials()) == ask_pin(Prompt.BAD_CREDENTIALS)
    assert call.heard(pressed(PIN)) == TryLogin("100", PIN)


def test_after_a_wrong_pin_a_typed_extension_may_have_been_the_mistake() -> None:
    call = dialogue()
    call.log_in("")
    call.heard(pressed("100"))
    call.heard(pressed(WRONG))

    assert call.refused(BadCredentials()) == ask_extension(Prompt.BAD_CREDENTIALS)


def test_the_last_try_ends_the_call() -> None:
    call = dialogue(tries=2)
    call.log_in("100")
    call.heard(pressed(WRONG))
    call.refused(BadCredentials())
    call.heard(pressed(WRONG))

    assert call.refused(BadCredentials()) == Finish(
        (Prompt.BAD_CREDENTIALS, Prompt.GOODBYE)
    )


def test_silence_costs_a_try_and_in_the_end_the_call() -> None:
    call = dialogue(tries=3)

    assert call.log_in("100") == ask_pin()
    assert call.heard(SILENCE) == ask_pin()
    assert call.heard(SILENCE) == ask_pin()
    assert call.heard(SILENCE) == Finish((Prompt.GOODBYE,))


def test_the_star_starts_over_and_costs_nothing() -> None:
    call = dialogue(tries=1)
    call.log_in("")
    call.heard(pressed("1000"))

    assert call.heard(STAR) == ask_extension()
    assert call.heard(pressed("100")) == ask_pin()
    assert call.heard(pressed(PIN)) == TryLogin("100", PIN)


def test_the_star_does_not_forget_what_was_dialled() -> None:
    call = dialogue()
    call.log_in("100")

    assert call.heard(STAR) == ask_pin()


@pytest.mark.parametrize("refusal", OTHER_REFUSALS)
def test_what_another_pin_cannot_change_ends_the_call(refusal: type[Refused]) -> None:
    call = dialogue()
    call.log_in("100")
    call.heard(pressed(PIN))

    step = call.refused(refusal())

    assert step == Finish((prompt_for(refusal()), Prompt.GOODBYE), "100")


def test_logging_out_where_nobody_sits_says_so() -> None:
    call = dialogue()
    call.log_out()

    assert call.refused(NobodyLoggedIn()) == Finish(
        (Prompt.NOBODY_LOGGED_IN, Prompt.GOODBYE)
    )


def test_an_outage_ends_the_call_with_an_apology() -> None:
    call = dialogue()
    call.log_in("100")

    assert call.unavailable() == Finish((Prompt.UNAVAILABLE,))


def test_whoever_sits_there_changes_the_pin_with_the_old_one() -> None:
    call = dialogue()

    assert call.change_pin("100") == ask_pin()
    assert call.heard(pressed(PIN)) == CheckPin("100", PIN)
    assert call.pin_is_right() == ask_new_pin()
    assert call.heard(pressed(NEW)) == ask_new_pin_again()
    assert call.heard(pressed(NEW)) == ChangePin("100", PIN, NEW)
    assert call.pin_changed() == Finish((Prompt.PIN_CHANGED,))


def test_at_an_idle_desk_the_extension_is_asked_for_before_the_old_pin() -> None:
    call = dialogue()

    assert call.change_pin("") == ask_extension()
    assert call.heard(pressed("100")) == ask_pin()
    assert call.heard(pressed(PIN)) == CheckPin("100", PIN)


def test_the_star_lets_somebody_else_change_a_pin_than_who_sits_there() -> None:
    call = dialogue()
    call.change_pin("100")

    assert call.heard(STAR) == ask_extension()
    assert call.heard(pressed("101")) == ask_pin()
    assert call.heard(pressed(PIN)) == CheckPin("101", PIN)


def test_extension_0_changes_nothing_and_logs_nobody_out() -> None:
    call = dialogue()
    call.change_pin("")

    assert call.heard(pressed("0")) == ask_pin()


def test_a_wrong_old_pin_is_asked_for_again_like_any() -> None:
    call = dialogue(tries=2)
    call.change_pin("")
    call.heard(pressed("100"))
    call.heard(pressed(WRONG))

    assert call.refused(BadCredentials()) == ask_extension(Prompt.BAD_CREDENTIALS)
    call.heard(pressed("100"))
    call.heard(pressed(WRONG))
    assert call.refused(BadCredentials()) == Finish(
        (Prompt.BAD_CREDENTIALS, Prompt.GOODBYE)
    )


def test_who_may_logs_another_out_with_the_own_pin() -> None:
    call = dialogue()

    assert call.log_other_out("100", by="101") == ask_pin()
    assert call.heard(pressed(PIN)) == TryLogOtherOut("100", "101", PIN)
    assert call.logged_out("100") == Finish((Prompt.LOGGED_OUT,), "100")


def test_nobody_else_can_log_another_out_than_who_sits_there() -> None:
    call = dialogue(tries=2)
    call.log_other_out("100", by="101")

    assert call.heard(STAR) == ask_pin()
    assert call.heard(pressed(WRONG)) == TryLogOtherOut("100", "101", WRONG)
    assert call.refused(BadCredentials()) == ask_pin(Prompt.BAD_CREDENTIALS)
    call.heard(pressed(WRONG))
    assert call.refused(BadCredentials()) == Finish(
        (Prompt.BAD_CREDENTIALS, Prompt.GOODBYE)
    )


@pytest.mark.parametrize(
    ("refusal", "prompt"),
    [
        (NobodyLoggedIn(), Prompt.NOBODY_LOGGED_IN),
        (InEmergency(), Prompt.IN_EMERGENCY),
        (MayNotLogOthersOut(), Prompt.MAY_NOT_LOG_OTHERS_OUT),
    ],
)
def test_a_logout_of_another_that_is_refused_ends_the_call(
    refusal: Refused, prompt: Prompt
) -> None:
    call = dialogue()
    call.log_other_out("100", by="101")
    call.heard(pressed(PIN))

    assert call.refused(refusal) == Finish((prompt, Prompt.GOODBYE), "100")


def test_a_logout_of_another_shows_no_pin() -> None:
    call = dialogue()
    call.log_other_out("100", by="101")

    assert PIN not in repr([call.heard(pressed(PIN)), call])


def choosing(tries: int = 3) -> Dialogue:
    """Return a call in which the old PIN was right."""
    call = dialogue(tries)
    call.change_pin("100")
    call.heard(pressed(PIN))
    call.pin_is_right()
    return call


def test_a_weak_pin_is_refused_before_it_is_asked_for_twice() -> None:
    call = choosing()

    assert call.heard(pressed(WEAK)) == ask_new_pin(Prompt.WEAK_PIN)
    assert call.heard(pressed(NEW)) == ask_new_pin_again()


def test_the_same_new_pin_must_be_pressed_twice() -> None:
    call = choosing()
    call.heard(pressed(NEW))

    assert call.heard(pressed(WRONG)) == ask_new_pin(Prompt.PINS_DIFFER)
    call.heard(pressed(NEW))
    assert call.heard(pressed(NEW)) == ChangePin("100", PIN, NEW)


def test_the_star_starts_with_the_new_pin_over() -> None:
    call = choosing()
    call.heard(pressed(NEW))

    assert call.heard(STAR) == ask_new_pin()


def test_the_old_pin_is_no_new_one() -> None:
    call = choosing()
    call.heard(pressed(NEW))
    call.heard(pressed(NEW))

    assert call.refused(WeakPin()) == ask_new_pin(Prompt.WEAK_PIN)


def test_who_cannot_choose_is_sent_away_with_the_old_pin() -> None:
    call = choosing(tries=2)
    call.heard(pressed(WEAK))

    assert call.heard(SILENCE) == Finish((Prompt.GOODBYE,))


def test_a_pin_of_a_mailbox_is_not_changed_here() -> None:
    call = dialogue()
    call.change_pin("100")
    call.heard(pressed(PIN))

    assert call.refused(PinOfMailbox()) == Finish(
        (Prompt.PIN_OF_MAILBOX, Prompt.GOODBYE), "100"
    )


def test_whoever_has_too_old_a_pin_chooses_another_and_is_logged_in() -> None:
    call = dialogue()
    call.log_in("100")
    call.heard(pressed(PIN))

    assert call.refused(PinExpired()) == ask_new_pin(Prompt.PIN_EXPIRED)
    assert call.heard(pressed(NEW)) == ask_new_pin_again()
    assert call.heard(pressed(NEW)) == ChangePin("100", PIN, NEW)
    assert call.pin_changed() == TryLogin("100", NEW)
    assert call.logged_in("100") == Finish((Prompt.LOGGED_IN,), "100")


def test_pins_of_mailboxes_may_be_longer_and_new_ones_not() -> None:
    call = Dialogue(most_digits=10, pin_length=6, tries=3)

    assert call.change_pin("100") == Ask((Prompt.ASK_PIN,), 10)
    call.heard(pressed(PIN))
    assert call.pin_is_right() == Ask((Prompt.ASK_NEW_PIN,), 6)


def test_no_step_shows_the_old_pin_or_the_new() -> None:
    call = choosing()
    shown = [call.heard(pressed(NEW)), call.heard(pressed(NEW)), call]
    shown.append(CheckPin("100", PIN))

    assert PIN not in repr(shown)
    assert NEW not in repr(shown)


@settings(deadline=None)
@given(dialled, all_tries, st.lists(answers, max_size=30), st.sampled_from(ALIKE))
def test_a_caller_who_stops_starting_over_is_soon_done(
    extension: str, tries: int, first: list[Answer], refusal: type[Refused]
) -> None:
    restarts = first.count(STAR)
    patient = chain(first, cycle(a for a in first if a != STAR), cycle([SILENCE]))

    steps = conversation(dialogue(tries), extension, patient, refusal)

    asked = [step for step in steps if isinstance(step, Ask)]
    tried = [step for step in steps if isinstance(step, TryLogin)]
    # Each try asks for an extension and a PIN at most; a restart asks once again,
    # and may throw an extension away.
    assert len(asked) <= 2 * tries + 2 * restarts
    assert len(tried) <= tries
    assert len(steps) <= 3 * tries + 2 * restarts + 1


@settings(deadline=None)
@given(dialled, all_tries, st.lists(answers, min_size=60, max_size=60))
def test_prompts_tell_nobody_which_extensions_exist(
    extension: str, tries: int, given_answers: list[Answer]
) -> None:
    heard = [
        conversation(dialogue(tries), extension, [*given_answers, *[SILENCE] * 99], r)
        for r in ALIKE
    ]

    assert all(steps == heard[0] for steps in heard)


@settings(deadline=None)
@given(dialled, all_tries, st.lists(answers, max_size=20))
def test_whatever_is_asked_or_said_is_never_nothing(
    extension: str, tries: int, first: list[Answer]
) -> None:
    heard = chain(first, cycle([SILENCE]))
    for step in conversation(dialogue(tries), extension, heard, BadCredentials):
        if isinstance(step, Ask | Finish):
            assert step.prompts
        if isinstance(step, Ask):
            assert step.most_digits >= 1


@pytest.mark.parametrize("refusal", list(every_refusal()))
def test_every_refusal_can_be_said(refusal: type[Refused]) -> None:
    prompt = prompt_for(refusal())

    assert getattr(PromptsConfig(), prompt.value)


@pytest.mark.parametrize(
    ("refusal", "prompt"),
    [
        *((alike, Prompt.BAD_CREDENTIALS) for alike in ALIKE),
        (LockedOut, Prompt.LOCKED_OUT),
        (NotAHotDesk, Prompt.NOT_A_HOT_DESK),
        (AlreadyLoggedIn, Prompt.ALREADY_LOGGED_IN),
        (NoLocation, Prompt.NO_LOCATION),
        (InEmergency, Prompt.IN_EMERGENCY),
        (NobodyLoggedIn, Prompt.NOBODY_LOGGED_IN),
        (WeakPin, Prompt.WEAK_PIN),
        (PinExpired, Prompt.PIN_EXPIRED),
        (PinOfMailbox, Prompt.PIN_OF_MAILBOX),
    ],
)
def test_what_a_caller_can_run_into_has_words_of_its_own(
    refusal: type[Refused], prompt: Prompt
) -> None:
    assert prompt_for(refusal()) is prompt


def test_every_prompt_has_sounds() -> None:
    sounds = PromptsConfig().model_dump()

    assert {prompt.value for prompt in Prompt} == set(sounds)
    assert all(sounds.values())


def test_every_refusal_has_a_code_of_its_own_and_a_sentence() -> None:
    kinds = list(every_refusal())

    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(str(kind()).endswith(".") for kind in kinds)


@settings(deadline=None)
@given(dialled, st.lists(answers, max_size=10), st.sampled_from(ALIKE + OTHER_REFUSALS))
def test_no_step_and_no_answer_shows_the_pin(
    extension: str, before: list[Answer], refusal: type[Refused]
) -> None:
    """Only digits that nobody typed in place of an extension are looked for."""
    pin = "A-PIN"
    call = dialogue(tries=20)
    step = call.log_in(extension)
    heard = iter(before)
    while isinstance(step, Ask):
        asked_for_pin = step.prompts[-1] is Prompt.ASK_PIN
        answer = pressed(pin) if asked_for_pin else next(heard, pressed("100"))
        step = call.heard(answer)
        assert pin not in repr(answer)
        if isinstance(step, TryLogin):
            assert step.pin == pin
            assert pin not in repr(step)
            step = call.refused(refusal())
        assert pin not in repr(step)
        assert pin not in repr(call)
