"""What values of settings look like, and what is said of those that do not."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
)


def like(pattern: str, expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {expected}")
        return text

    return AfterValidator(check)


def _secret(secret: SecretStr) -> SecretStr:
    # Line ends would let a secret write further headers into an AMI action.
    if not secret.get_secret_value() or not secret.get_secret_value().isprintable():
        raise ValueError("should be printable text on one line, and not empty")
    return secret


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or not url.isprintable() or re.search(r"[\s?#@]", url):
        raise ValueError("should be http://HOST[:PORT][/PATH], or the same with https")
    return url.rstrip("/")


def _absolute(path: Path) -> Path:
    if not path.is_absolute() or not str(path).isprintable():
        raise ValueError("should be an absolute path")
    return path


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("should be a network such as 192.0.2.0/24") from None


def _command(command: tuple[str, ...]) -> tuple[str, ...]:
    if command and not Path(command[0]).is_absolute():
        raise ValueError("should begin with the absolute path of a program")
    return command


Secret = Annotated[
    SecretStr,
    AfterValidator(_secret),
    PlainSerializer(lambda _: "********", when_used="json-unless-none"),
]
Host = Annotated[str, like(r"[A-Za-z0-9.:_-]+", "a host name or an IP address")]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1)]
Url = Annotated[str, AfterValidator(_url)]
Folder = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
File = Annotated[Path, Field(strict=False), AfterValidator(_absolute)]
Network = Annotated[str, AfterValidator(_network)]
Word = Annotated[str, like(r"[A-Za-z0-9._-]+", "letters, digits and . _ - only")]
Digits = Annotated[str, like(r"[0-9]+", "digits in quotes")]
Sound = Annotated[str, like(r"[A-Za-z0-9_/.-]+", "NUMBER or the name of a sound")]
Sounds = Annotated[tuple[Sound, ...], Field(strict=False)]
Command = Annotated[tuple[str, ...], Field(strict=False), AfterValidator(_command)]
PRIVATE_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
AccountName = Annotated[
    str, like(r"[a-z0-9][a-z0-9-]{0,31}", "an account: lower-case letters, digits, -")
]


class Table(BaseModel):
    """A table of the settings file: every key known, every value of its type."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )


def is_confidential(url: str) -> bool:
    """Return whether nobody else reads what is sent to *url*, such as a PIN.

    That is HTTPS, or the machine itself.
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or is_this_machine(parts.hostname or "")


def is_this_machine(host: str) -> bool:
    """Return whether *host* cannot be reached from other machines."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
