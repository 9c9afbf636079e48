"""Mailboxes: how many messages lie there, and what a phone's lamp is told of it.

A device's endpoint has no `mailboxes` of its own: Asterisk would go on showing the
count of the user before (res_pjsip_mwi.c keeps the subscription).  So we send what
Asterisk would send: a NOTIFY that nobody subscribed to.
Source: RFC 3842, "A Message Summary and Message Waiting Indication Event Package".
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from asterisk_hotdesk.pbx.ami import Ami


class Messages(NamedTuple):
    """How many messages somebody has."""

    new: int = 0
    old: int = 0


class Mailboxes:
    """The mailboxes of one Asterisk, and the lamps of its phones.

    *message_account* is what the phone's message key dials, as `*77*8*@192.0.2.10`.
    """

    def __init__(self, ami: Ami, message_account: str) -> None:
        self._ami = ami
        self._message_account = quote(message_account, safe="*@:[]")

    async def messages(self, mailbox: str) -> Messages:
        """Return what lies in *mailbox*; nothing if there is no such mailbox.

        Urgent messages are new ones, too.
        """
        reply = await self._ami.action("MailboxCount", {"Mailbox": mailbox})
        return Messages(
            new=_count(reply, "newmessages") + _count(reply, "urgmessages"),
            old=_count(reply, "oldmessages"),
        )

    async def show(self, device: str, messages: Messages) -> None:
        """Let the message lamp of the phone *device*, and of no other, show *messages*.

        Asterisk confirms that the NOTIFY is on its way, not that it arrived.
        """
        body = (
            f"Messages-Waiting: {'yes' if messages.new else 'no'}",
            f"Message-Account: sip:{self._message_account}",
            f"Voice-Message: {messages.new}/{messages.old} (0/0)",
        )
        await self._ami.action(
            "PJSIPNotify",
            {
                "Endpoint": device,
                "Variable": [
                    "Event=message-summary",
                    "Content-Type=application/simple-message-summary",
                    *(f"Content={line}" for line in body),
                ],
            },
        )


def _count(reply: dict[str, str], header: str) -> int:
    text = reply.get(header, "")
    return int(text) if text.isascii() and text.isdigit() else 0
