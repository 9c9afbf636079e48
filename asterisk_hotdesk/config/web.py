"""The administrators' web page and the API: where, for whom, and how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from asterisk_hotdesk.config.values import (
    PRIVATE_NETWORKS,
    File,
    Host,
    Network,
    Port,
    Positive,
    Table,
    Url,
    is_confidential,
    is_this_machine,
)


class WebConfig(Table):
    """Where administrators reach the web page and programs the API, and who may."""

    enabled: bool = False
    listen_host: Host = "127.0.0.1"
    listen_port: Port = 8082
    base_url: Url = "http://127.0.0.1:8082"
    """How browsers reach `listen_host`; forms that come from elsewhere are refused."""
    tls_certificate: File | None = None
    """PEM, with the chain; None: plain HTTP, as behind a proxy that speaks HTTPS."""
    tls_key: File | None = None
    allowed_networks: Annotated[
        tuple[Network, ...], Field(strict=False, min_length=1)
    ] = PRIVATE_NETWORKS
    """Whoever asks from elsewhere gets nothing."""
    session_hours: Positive = 12
    """How long after the password an administrator stays logged in at most."""
    idle_minutes: Positive = 60
    """And how long without a click."""

    @model_validator(mode="after")
    def _is_whole_and_safe(self) -> WebConfig:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("should have both tls_certificate and tls_key, or neither")
        if self.enabled and not (
            is_confidential(self.base_url)
            and (
                self.base_url.startswith("https:") or is_this_machine(self.listen_host)
            )
        ):
            raise ValueError(
                "should have a base_url with https, unless listen_host and base_url are"
                " of this machine, as 127.0.0.1: passwords would travel in the clear"
            )
        return self
