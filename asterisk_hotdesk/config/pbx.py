"""The PBX: how to reach it, and what we write into it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from asterisk_hotdesk.config.values import (
    Folder,
    Host,
    Port,
    Secret,
    Table,
    Url,
    Word,
    like,
)

MANAGED_FIELDS = frozenset(
    {"aors", "auth", "callerid", "context", "language", "subscribe_context"}
    | {"accountcode", "call_group", "pickup_group"}
    | {"named_call_group", "named_pickup_group"}
    # These break an endpoint that is written over ARI: `set_var` is stored in a form
    # that no later write survives, `permit` and `deny` come back as a named ACL that
    # does not exist, and `mailboxes` shows the next user the count of the one before.
    | {"set_var", "permit", "deny", "mailboxes"}
)
"""Fields of a device's PJSIP endpoint that the administrator can't set."""


def _endpoint_fields(fields: dict[str, str]) -> dict[str, str]:
    ours = MANAGED_FIELDS.intersection(fields)
    if ours:
        raise ValueError(f"should not set {min(ours)}: hot desking manages it")
    if any(not value.isprintable() for value in fields.values()):
        raise ValueError("should have printable text on one line as values")
    return fields


EndpointFields = Annotated[dict[Word, str], AfterValidator(_endpoint_fields)]


class AsteriskConfig(Table):
    """How to reach Asterisk, and where it reads the files that we generate."""

    ari_url: Url = "http://127.0.0.1:8088"
    """The part before `/ari`."""
    ari_username: Word = "hotdesk"
    ari_password: Secret
    application: Annotated[
        str, like(r"[a-z0-9-]+", "lower-case letters, digits and - only")
    ] = "hotdesk"
    """The name of our Stasis application."""
    ami_host: Host = "127.0.0.1"
    ami_port: Port = 5038
    ami_username: Word = "hotdesk"
    ami_secret: Secret
    generated_dir: Folder = Path("/etc/asterisk/hotdesk.d")
