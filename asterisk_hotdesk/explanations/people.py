"""Why a user can or cannot log in."""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk import rules
from asterisk_hotdesk.event_words import in_words, why_refused
from asterisk_hotdesk.explanations import locks
from asterisk_hotdesk.explanations.desks import about_phone, obstacles_at
from asterisk_hotdesk.explanations.facts import Finding, House, UserFacts
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, LoginMethod
from asterisk_hotdesk.store.events import Event


def about_user(facts: UserFacts, house: House) -> list[Finding]:
    """Return where a user is, what was refused last, and what speaks against a login.

    What is wrong with the phone where she sits is told as well.
    """
    found = [_where(facts, house)]
    if refused := _last_refusal(facts):
        found.append(_refusal(facts, refused, house))
    obstacles = list(_obstacles(facts, house))
    found += obstacles
    if not any(obstacle.wrong for obstacle in obstacles):
        found.append(
            Finding(f"Nothing keeps {_who(facts)} from logging in with the right PIN.")
        )
    if facts.desk:
        found += about_phone(facts.desk, house)
    return found


def _where(facts: UserFacts, house: House) -> Finding:
    named = f"{_who(facts)} ({facts.user.name})"
    if facts.desk and facts.desk.since:
        return Finding(
            f"{named} sits at {facts.desk.device} since"
            f" {house.written(facts.desk.since)}."
        )
    if facts.last is None:
        return Finding(
            f"{named} sits nowhere, and has never logged in as far as the history goes."
        )
    last = facts.last
    by = f" ({last.by}{f': {last.actor}' if last.actor else ''})"
    did = in_words(last.what, last.code)
    return Finding(
        f"{named} sits nowhere. Last at {last.device}: {did},"
        f" {house.written(last.at)}{by}."
    )


def _last_refusal(facts: UserFacts) -> Event | None:
    """Return the last refusal unless a login or logout came after it."""
    refused, last = facts.refused, facts.last
    return refused if refused and (last is None or refused.at >= last.at) else None


def _refusal(facts: UserFacts, refused: Event, house: House) -> Finding:
    at = f" at {refused.device}" if refused.device else ""
    return Finding(
        f"Last refused: {house.written(refused.at)}{at}, {why_refused(refused.code)}.",
        _remedy(facts, refused),
    )


def _remedy(facts: UserFacts, refused: Event) -> str:
    """Return what helps against a refusal; nothing where an obstacle tells it."""
    extension, device = facts.user.extension, refused.device
    match refused.code:
        case "bad_credentials" if facts.user.login_method is LoginMethod.VOICEMAIL:
            return f"It is the PIN of mailbox {facts.user.mailbox}, and changed there."
        case "bad_credentials":
            return f"If the PIN is forgotten: hotdesk user set-pin {extension}"
        case "other_account":
            return (
                f"{device} belongs to account {refused.account}, {extension} to"
                f" {facts.user.account}. Use a device of the same account, or:"
                f" hotdesk device edit {device} --account {facts.user.account}"
            )
        case "not_a_hot_desk" if facts.tried_at is None:
            return f"There is no device {device}; see: hotdesk device add --help"
        case "already_logged_in":
            return (
                "Log out at the other desk first, or set policy.second_login to move."
            )
        case "pin_of_mailbox":
            return "It is changed in the mailbox, not here."
        case "weak_pin":
            return "Choose another: no repetition, no run, no date, not the extension."
        case "conflict":
            return "Try again."
    return ""


def _obstacles(facts: UserFacts, house: House) -> Iterator[Finding]:
    """Yield what would speak against a login by phone now."""
    user = facts.user
    if not user.allowed:
        yield Finding(
            f"{_who(facts)} may not log in at hot desks.",
            f"hotdesk user allow {_named(facts)}",
            wrong=True,
        )
    yield from _about_pin(facts, house)
    yield from locks.of_user(user.extension, facts.wrong_pins, house)
    if facts.refused and facts.refused.device:
        yield from locks.of_device(facts.refused.device, facts.wrong_pins_there, house)
    yield from locks.of_all(house)
    if _last_refusal(facts) and facts.tried_at:
        yield from obstacles_at(facts.tried_at, house)


def _about_pin(facts: UserFacts, house: House) -> Iterator[Finding]:
    user, limits = facts.user, house.limits
    match user.login_method or limits.method:
        case LoginMethod.NONE:
            yield Finding(
                f"{_who(facts)} cannot log in by phone: the login method is none.",
                f"hotdesk user edit {_named(facts)} --login-method pin",
                wrong=True,
            )
        case LoginMethod.VOICEMAIL:
            if not user.mailbox:
                yield Finding(
                    f"{_who(facts)} logs in with the PIN of a mailbox, and has none.",
                    f"hotdesk user edit {_named(facts)} --mailbox BOX@CONTEXT",
                    wrong=True,
                )
        case _ if user.pin_hash is None:
            yield Finding(
                f"{_who(facts)} has no PIN.",
                f"hotdesk user set-pin {_named(facts)}",
                wrong=True,
            )
        case _ if rules.pin_is_expired(user.pin_set_at, limits.expire_days, house.now):
            yield Finding(
                f"The PIN of {_who(facts)} is older than {limits.expire_days} days.",
                "The user chooses another by the code to change it (codes.change_pin),"
                f" or: hotdesk user set-pin {_named(facts)}",
                wrong=True,
            )


def _who(facts: UserFacts) -> str:
    user = facts.user
    return user.extension if user.account == DEFAULT_ACCOUNT else user.key


def _named(facts: UserFacts) -> str:
    """Return how a command names the user."""
    user = facts.user
    if user.account == DEFAULT_ACCOUNT:
        return user.extension
    return f"{user.extension} --account {user.account}"
