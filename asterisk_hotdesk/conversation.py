"""What a step of a dialogue does, whoever leads the dialogue: the service or an AGI."""

from __future__ import annotations

import logging
from datetime import datetime

from asterisk_hotdesk import by_pin, login
from asterisk_hotdesk.dialogue import (
    Act,
    ChangePin,
    CheckPin,
    Dialogue,
    Step,
    TryLogin,
    TryLogOtherOut,
    TryLogout,
    TryLogoutEverywhere,
)
from asterisk_hotdesk.errors import Refused, Unavailable
from asterisk_hotdesk.login import HotDesks, Outcome

log = logging.getLogger(__name__)


async def act(
    desks: HotDesks, step: Act, dialogue: Dialogue, device: str, now: datetime
) -> Step:
    """Do *step* for whoever is on the phone at *device*; return what comes next.

    A refusal or an outage is told to the dialogue, never raised.
    """
    try:
        return await _done(desks, step, dialogue, device, now)
    except Refused as refusal:
        return dialogue.refused(refusal)
    except Unavailable as unavailable:
        log.warning("a call could not be served: %s", unavailable)
        return dialogue.unavailable()


async def _done(
    desks: HotDesks, step: Act, dialogue: Dialogue, device: str, now: datetime
) -> Step:
    match step:
        case TryLogin(extension, pin):
            outcome = await login.log_in(
                desks, extension=extension, pin=pin, device_name=device, now=now
            )
            if outcome.routed:
                return dialogue.logged_in(outcome.user.extension)
        case TryLogout():
            outcome = await login.log_out(desks, device_name=device, now=now)
            return _logged_out(dialogue, outcome)
        case TryLogoutEverywhere(extension, pin):
            outcome = await by_pin.log_out_everywhere(
                desks, extension=extension, pin=pin, device_name=device, now=now
            )
            return _logged_out(dialogue, outcome)
        case TryLogOtherOut(extension, by, pin):
            outcome = await by_pin.log_other_out(
                desks,
                extension=extension,
                by=by,
                pin=pin,
                device_name=device,
                now=now,
            )
            return _logged_out(dialogue, outcome)
        case CheckPin(extension, pin):
            await by_pin.check_pin_to_change(
                desks, extension=extension, pin=pin, device_name=device, now=now
            )
            return dialogue.pin_is_right()
        case ChangePin(extension, old, new):
            await by_pin.change_pin(
                desks,
                extension=extension,
                old=old,
                new=new,
                device_name=device,
                now=now,
            )
            return dialogue.pin_changed()
    return dialogue.unavailable()


def _logged_out(dialogue: Dialogue, outcome: Outcome) -> Step:
    if outcome.routed:
        return dialogue.logged_out(outcome.user.extension)
    return dialogue.unavailable()
