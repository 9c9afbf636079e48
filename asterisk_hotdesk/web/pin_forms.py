"""The questions for a PIN that stand on phones' screens, each good for one answer."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FORM_SECONDS = 60.0
"""How long a question waits for its answer."""

NONCE_DIGITS = 32


@dataclass(frozen=True, kw_only=True)
class PinForm:
    """A question for the PIN of one extension, on the screen of one device's phone."""

    device_name: str
    extension: str
    tries_left: int
    nonce: str = field(repr=False)
    until: float


class PinForms:
    """The open questions, one for each device: a phone has one screen.

    So a newer question closes the one before, and there are never more than devices.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._forms: dict[str, PinForm] = {}

    def open(self, device_name: str, extension: str, tries_left: int) -> PinForm:
        """Return a new question."""
        form = self._forms[device_name] = PinForm(
            device_name=device_name,
            extension=extension,
            tries_left=tries_left,
            nonce=secrets.token_hex(NONCE_DIGITS // 2),
            until=self._clock() + FORM_SECONDS,
        )
        return form

    def find(self, device_name: str, nonce: str) -> PinForm | None:
        """Return the question with *nonce* on the device's screen, while it is open."""
        form = self._forms.get(device_name)
        if form is None or not hmac.compare_digest(form.nonce, nonce):
            return None
        return form if self._clock() < form.until else None

    def close(self, form: PinForm) -> None:
        """Take no answer to *form* any more."""
        if self._forms.get(form.device_name) == form:
            del self._forms[form.device_name]
