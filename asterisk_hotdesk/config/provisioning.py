"""Phones: where they fetch, who may, and how fast they are made to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from asterisk_hotdesk.config.values import (
    PRIVATE_NETWORKS,
    File,
    Folder,
    Host,
    Network,
    Port,
    Positive,
    Table,
    Url,
    Word,
    like,
)


class ProvisioningConfig(Table):
    """Where phones fetch their configuration, who may, and what it tells them."""

    listen_host: Host = "127.0.0.1"
    listen_port: Port = 8081
    base_url: Url = "http://127.0.0.1:8081"
    """How phones reach `listen_host`."""
    tls_certificate: File | None = None
    """PEM, with the chain; None: plain HTTP."""
    tls_key: File | None = None
    client_ca: File | None = None
    """PEM: whose client certificates to believe, such as the phones' vendor's."""
    client_certificates: Literal["off", "optional", "required"] = "off"
    """A certificate that is shown must name the MAC address that is asked for."""
    allowed_networks: Annotated[
        tuple[Network, ...], Field(strict=False, min_length=1)
    ] = PRIVATE_NETWORKS
    """Whoever asks from elsewhere gets nothing."""
    enrolment_minutes: Positive = 60
    """How long a new device's phone may fetch its first configuration."""
    enrolment_deliveries: Positive = 5
    """And how often, until it has used what it got."""
    misses_per_minute: Positive = 20
    """An address with more wrong requests is not listened to for a while."""
    sweep_macs: Positive = 10
    """So many different wrong MAC addresses in a minute are reported as an attack."""
    templates_dir: Folder = Path("/etc/asterisk-hotdesk/templates")
    """Templates here win over those that we bring; it need not exist."""
    sip_server: Host = "127.0.0.1"
    sip_port: Port = 5060
    sip_transport: Literal["udp", "tcp", "tls"] = "udp"
    pickup_prefix: Annotated[str, like(r"[0-9*#]*", "made of digits, * and #")] = ""
    """What a BLF key dials before the extension to pick up a ringing call."""
    language: Annotated[
        str, like(r"[a-z]{2,3}([_-][A-Za-z]{2})?", "a language such as en or de_CH")
    ] = "en"
    """For devices and users that have none of their own."""
    push: bool = True
    """Whether displays say unasked that somebody is logged in, where they can."""
    tone_scheme: Word | None = None
    """snom's name of a country's tones, such as GER; None: the phone keeps its own."""
    timezone: (
        Annotated[str, like(r"[A-Za-z_]+(/[A-Za-z_+-]+)+", "such as Europe/Berlin")]
        | None
    ) = None
    """None: the phone keeps its own."""

    @model_validator(mode="after")
    def _tls_is_whole(self) -> ProvisioningConfig:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("should have both tls_certificate and tls_key, or neither")
        if self.tls_certificate and not self.base_url.startswith("https://"):
            raise ValueError(
                "should have a base_url with https:// where tls_certificate is set"
            )
        if self.client_certificates != "off" and not (
            self.client_ca and self.tls_certificate
        ):
            raise ValueError(
                "should have client_ca and tls_certificate where client_certificates"
                " is not off"
            )
        return self


class PnpConfig(Table):
    """Whether we answer phones that ask the whole network who configures them."""

    enabled: bool = False
    interface: Host = "0.0.0.0"  # noqa: S104 - the system's choice of an interface
    """The IP address of ours that phones share a network with."""
    address: Host = "224.0.1.75"
    port: Port = 5060


class RefreshConfig(Table):
    """How fast phones are made to fetch, and when we look again."""

    per_second: Positive = 10
    stale_seconds: Positive = 60
    catch_up_seconds: Positive = 300
