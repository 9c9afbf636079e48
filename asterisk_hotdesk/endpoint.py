"""What the PJSIP endpoint of a device is: idle, or that of the user who sits there."""

from __future__ import annotations

from collections.abc import Mapping

from asterisk_hotdesk.contexts import idle_context, used_context
from asterisk_hotdesk.model import Desk, DeviceOptions

STATIC_FIELDS = {
    "disallow": "all",
    "allow": "g722,alaw,ulaw",
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    "dtmf_mode": "rfc4733",
    "allow_subscribe": "yes",
    "media_encryption": "no",
}
"""What every device has in common unless the administrator says otherwise."""

_OF_USERS = {
    "accountcode": "account_code",
    "call_group": "call_groups",
    "pickup_group": "pickup_groups",
    "named_call_group": "named_call_groups",
    "named_pickup_group": "named_pickup_groups",
}
"""Fields that an idle device leaves empty, and where a user has them."""

_IDENTITY = ("aors", "auth", "callerid", "context", "language", "subscribe_context")


def endpoint_fields(
    desk: Desk, *, default_language: str, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return every field of the endpoint that we manage, whoever sits there.

    Writing over ARI merges, so the set of fields is always the same: what a login
    sets, an idle device resets.  *extra* is the administrator's (codecs, transport) for
    all devices; what the options of this one say comes before it.
    """
    device, user = desk.device, desk.user
    context = (
        used_context(device.account, user.context)
        if user
        else idle_context(device.account)
    )
    language = (user and user.language) or device.language or default_language
    return {
        **STATIC_FIELDS,
        **extra,
        **_fields_of(device.options),
        "aors": device.name,
        "auth": device.name,
        "context": context,
        "subscribe_context": context,
        "callerid": user.caller_id if user else device.caller_id,
        "language": language,
        **{
            field: getattr(user, attribute) if user else ""
            for field, attribute in _OF_USERS.items()
        },
    }


def is_as_wanted(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Return whether an endpoint is that of who sits there, or idle.

    *found* is what Asterisk says of it.  It gives other fields back in other words than
    it took them; lists of groups only with spaces, and in an order of its own.
    """
    return all(found.get(field) == wanted[field] for field in _IDENTITY) and all(
        _listed(found.get(field, "")) == _listed(wanted[field]) for field in _OF_USERS
    )


def _listed(text: str) -> set[str]:
    return set(text.replace(" ", "").split(","))


def _fields_of(options: DeviceOptions) -> dict[str, str]:
    fields = {}
    if options.srtp:
        fields["media_encryption"] = "sdes"
    if options.codecs:
        fields["allow"] = ",".join(options.codecs)
    return fields
