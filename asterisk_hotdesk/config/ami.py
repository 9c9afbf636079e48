"""What other programs may ask of us over AMI."""

from __future__ import annotations

from asterisk_hotdesk.config.values import Table


class AmiConfig(Table):
    """What other programs may ask of us over AMI."""

    logout_requests: bool = False
    """Whether `HotdeskLogoutRequest` logs people out: Asterisk does not tell who sent
    it, so everybody may who can send a UserEvent, the PBX's dialplan included."""
