"""Asks Asterisk over ARI and AMI, with no more rights than the service has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.doctor.dialplan import CODES, OURS
from asterisk_hotdesk.doctor.facts import LiveContext, SeenByAmi, SeenByAri
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.ivr import NUMBER
from asterisk_hotdesk.model import User
from asterisk_hotdesk.pbx.ami import Ami, AmiRefused, Message
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.routes import users_context

_MOST_HINTS = 20
"""So many users are looked at: if hints are missing, then those of all."""

_MOST_CONTEXTS = 200


async def over_ari(config: Config) -> SeenByAri:
    """Return what Asterisk says over ARI; raise `Unavailable` where it says nothing."""
    asterisk = config.asterisk
    async with Ari(
        asterisk.ari_url,
        asterisk.ari_username,
        asterisk.ari_password.get_secret_value(),
        asterisk.application,
    ) as ari:
        try:
            return await _seen(ari, config)
        except (AttributeError, KeyError, TypeError):
            raise Unavailable(
                f"What answers at {asterisk.ari_url} is not Asterisk's ARI"
            ) from None


async def _seen(ari: Ari, config: Config) -> SeenByAri:
    names = {n for sounds in vars(config.prompts).values() for n in sounds}
    return SeenByAri(
        version=await ari.version(),
        started_at=await ari.started_at(),
        modules=await ari.running_modules(),
        may_write=await ari.may_write(),
        endpoints=await ari.endpoint_names(),
        log_levels=await ari.log_levels(),
        sounds={name: await ari.sound_languages(name) for name in names - {NUMBER}},
    )


async def over_ami(
    config: Config, contexts: Collection[str], people: Sequence[User]
) -> SeenByAmi:
    """Return what Asterisk says over AMI; raise `Unavailable` where it says nothing."""
    asterisk = config.asterisk
    ami = Ami(
        asterisk.ami_host,
        asterisk.ami_port,
        asterisk.ami_username,
        asterisk.ami_secret.get_secret_value(),
        with_events=False,
    )
    async with ami.once():
        # The reply has a header for each action that we may use.
        actions = frozenset(await ami.action("ListCommands"))
        return SeenByAmi(
            actions=actions,
            contexts=await _contexts(ami, contexts)
            if "showdialplan" in actions
            else {},
            hints=await _hints(ami, people) if "extensionstate" in actions else {},
        )


async def _contexts(ami: Ami, wanted: Collection[str]) -> dict[str, LiveContext | None]:
    """Return the contexts called so, and all that they include except ours."""
    found: dict[str, LiveContext | None] = {CODES: await _context(ami, CODES)}
    waiting = sorted(wanted)
    while waiting and len(found) < _MOST_CONTEXTS:
        name = waiting.pop()
        if name in found or name.startswith(OURS):
            continue
        context = found[name] = await _context(ami, name)
        if context:
            waiting += [include.partition(",")[0] for include in context.includes]
    return found


async def _context(ami: Ami, name: str) -> LiveContext | None:
    try:
        listed = await ami.listing("ShowDialPlan", {"Context": name})
    except AmiRefused:
        return None
    return LiveContext(
        extensions={
            entry["extension"]: entry.get("registrar", "unknown")
            for entry in listed
            if "extension" in entry and entry.get("priority") != "hint"
        },
        includes=_values(listed, "includecontext"),
        switches=_values(listed, "switch"),
    )


def _values(listed: Sequence[Message], header: str) -> tuple[str, ...]:
    return tuple(entry[header] for entry in listed if entry.get(header))


async def _hints(ami: Ami, people: Sequence[User]) -> dict[str, str]:
    hints = {}
    for user in people[:_MOST_HINTS]:
        reply = await ami.action(
            "ExtensionState",
            {"Context": users_context(user.account), "Exten": user.extension},
        )
        hints[user.key] = reply.get("hint", "")
    return hints
