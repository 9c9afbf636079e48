"""How an administrator sets a PIN."""

from __future__ import annotations

from asterisk_hotdesk.administration import users
from asterisk_hotdesk.cli import asking, output
from asterisk_hotdesk.cli.opening import hot_desks, now, source
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.login import find_user
from asterisk_hotdesk.model import LoginMethod
from asterisk_hotdesk.store import Database


async def set_pin(
    config: Config, database: Database, account: str, extension: str
) -> None:
    """Make what the administrator types the user's only PIN."""
    desks = hot_desks(config, database)
    user = await find_user(desks, account, extension)
    pin = asking.secret(f"PIN of {output.printable(user.name)} ({extension})", "PIN")
    await users.set_pin(desks, user, pin, source=source(), now=now())
    output.say(f"The PIN of {extension} is set.")
    method = desks.authentication.method(user)
    if method is not LoginMethod.PIN:
        output.note(f"{extension} does not log in with it: login method {method}.")
