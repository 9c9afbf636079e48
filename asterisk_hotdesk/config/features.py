"""What the PBX keeps of its users' telephones."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from asterisk_hotdesk.config.values import Table, like

Entry = Annotated[
    str,
    like(
        r"[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)+",
        "an AstDB family and key with EXTENSION for the user's, such as DND/EXTENSION",
    ),
]


class FeaturesConfig(Table):
    """Where AstDB has the do-not-disturb and the call forwards of an extension.

    EXTENSION stands for the extension, ACCOUNT for the user's account.  What is on is
    shown on the display of the desk where its user logs in.
    """

    do_not_disturb: Entry | None = None
    """On where the value is not empty, 0, no, off or false; None: not in AstDB."""
    forward: Annotated[tuple[Entry, ...], Field(strict=False)] = ()
    """Each a number that calls go to; the first one that is there is shown."""
