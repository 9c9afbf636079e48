"""Asterisk's voicemail: the PIN of a mailbox, which a user may log in with."""

from __future__ import annotations

from asterisk_hotdesk.pbx.ami import Ami


class Voicemail:
    """The mailboxes of one Asterisk."""

    def __init__(self, ami: Ami) -> None:
        self._ami = ami

    async def pin(self, mailbox: str) -> str:
        """Return what voicemail.conf has as the password of *mailbox*.

        Empty where there is no such mailbox; with a `-` before it where its owner may
        not change it.  Raises `Unavailable`.  VM_INFO needs no channel (Asterisk 22),
        and an AMI user with the right `reporting` or `call`.
        """
        reply = await self._ami.action("Getvar", {"Variable": mailbox_pin(mailbox)})
        return reply.get("value", "")


def mailbox_pin(mailbox: str) -> str:
    """Return the dialplan function that is the password of *mailbox*."""
    return f"VM_INFO({mailbox},password)"
