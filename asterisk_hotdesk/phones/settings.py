"""What a phone has to know besides its desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
"""Of SIP, by transport (RFC 3261, 19.1.2)."""


@dataclass(frozen=True, kw_only=True)
class PhoneSettings:
    """What is the same for every phone, and the addresses made for one of them."""

    sip_server: str
    sip_port: int
    sip_transport: str = "udp"
    """`udp`, `tcp` or `tls`, for phones whose device names none."""
    setting_url: str = field(repr=False)
    """The directory of the phone's files, without a slash at the end; holds a token."""
    action_url: str | None = field(default=None, repr=False)
    """Where the phone tells `/boot` and `/registered`; None: nowhere."""
    menu_url: str | None = field(default=None, repr=False)
    """Of the menu on the phone's screen; None: there is none."""
    trusted_host: str = ""
    """Whose pages may control the phone: the host of `menu_url`."""
    ask_code: str
    logout_code: str
    voicemail_code: str
    """What the message key dials: the mailbox of whoever sits there."""
    pickup_prefix: str = ""
    """What is dialled before an extension to pick up its call; empty: no pickup."""
    emergency_numbers: tuple[str, ...]
    default_language: str
    tone_scheme: str | None = None
    timezone: str | None = None
    """Such as Europe/Berlin; None: the phone keeps its own."""
    templates_dir: Path | None = None
    """Where the administrator's own templates are; None: nowhere."""

    def port_for(self, transport: str) -> int:
        """Return the server's port for *transport*.

        `sip_port` belongs to `sip_transport`; the other of TLS and no TLS is where
        RFC 3261 has it.
        """
        if (transport == "tls") == (self.sip_transport == "tls"):
            return self.sip_port
        return DEFAULT_PORTS[transport]
