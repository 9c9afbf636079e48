"""Whom we tell over HTTP what happens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, SecretStr

from asterisk_hotdesk.config.file import Key
from asterisk_hotdesk.config.values import File, Positive, Secret, Table, like
from asterisk_hotdesk.model import EventKind

_PREFIX = "whsec_"
_SHORTEST_KEY, _LONGEST_KEY = 24, 64
"""Bytes.  Source: Standard Webhooks specification, symmetric signatures."""


def webhook_origin(url: str) -> str:
    """Return the part of *url* that can hold no secret, as https://host:8443."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _webhook_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    try:
        parts = urlsplit(url)
        host, right = parts.hostname or "", parts.port != 0
    except ValueError:
        host, right = "", False
    right = right and bool(host) and parts.scheme in ("http", "https")
    if not right or not url.isprintable() or " " in url or "#" in url:
        raise ValueError("should be https://HOST[:PORT][/PATH][?QUERY]")
    if parts.scheme == "http" and not _is_here(host):
        raise ValueError("should be https; http is for receivers on this machine only")
    return secret


def _key(secret: SecretStr) -> bytes:
    text = secret.get_secret_value().removeprefix(_PREFIX)
    return base64.b64decode(text, validate=True)


def _webhook_secret(secret: SecretStr) -> SecretStr:
    try:
        right = _SHORTEST_KEY <= len(_key(secret)) <= _LONGEST_KEY
    except (binascii.Error, ValueError):
        right = False
    if not right:
        raise ValueError(
            f"should be {_PREFIX} and {_SHORTEST_KEY} to {_LONGEST_KEY} random bytes in"
            f" base64; make one with: echo {_PREFIX}$(openssl rand -base64 32)"
        )
    return secret


WebhookName = Annotated[
    str, like(r"[a-z0-9][a-z0-9-]{0,31}", "a name: lower-case letters, digits, -")
]
WebhookUrl = Annotated[
    SecretStr,
    AfterValidator(_webhook_url),
    PlainSerializer(
        lambda url: f"{webhook_origin(url.get_secret_value())}/…", when_used="json"
    ),
]
Kinds = Annotated[
    tuple[Annotated[EventKind, Field(strict=False)], ...],
    Field(strict=False, min_length=1),
]


def webhook_secrets(values: Mapping[str, Any]) -> dict[Key, str]:
    """Return for the secret of each webhook the environment variable that wins.

    *values* is what the file says, be it right or wrong.
    """
    hooks = values.get("webhooks")
    return {
        ("webhooks", name, "secret"): f"HOTDESK_WEBHOOK_{_variable(name)}_SECRET"
        for name in (hooks if isinstance(hooks, dict) else ())
    }


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


class WebhookConfig(Table):
    """One receiver, of which events, and for how long it is tried."""

    url: WebhookUrl
    """May hold a token: nobody is shown more than its host."""
    secret: Annotated[Secret, AfterValidator(_webhook_secret)]
    events: Kinds = tuple(EventKind)
    ca_file: File | None = None
    """PEM: whose certificates to believe; None: those that this machine believes."""
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    give_up_hours: Positive = 24
    """An event that is older is not delivered any more."""

    @property
    def key(self) -> bytes:
        """Return what the signatures are made with."""
        return _key(self.secret)

    @property
    def origin(self) -> str:
        """Return the part of the URL that may be shown."""
        return webhook_origin(self.url.get_secret_value())
