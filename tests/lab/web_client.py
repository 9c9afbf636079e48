"""How a desk phone asks web servers: its name, whom it trusts, its own certificate."""

import ssl
from pathlib import Path
from typing import NamedTuple

import aiohttp


class ClientCertificate(NamedTuple):
    """What a phone proves its MAC address with: a certificate chain and its key."""

    chain: Path
    key: Path


class HiddenQuery(str):
    """A URL whose query, which may hold a PIN, is not shown when a test fails."""

    __slots__ = ()

    def __repr__(self) -> str:
        place, question, _ = self.partition("?")
        return f"'{place}{question and '?…'}'"


def web_client(
    user_agent: str,
    ca: Path | None = None,
    certificate: ClientCertificate | None = None,
) -> aiohttp.ClientSession:
    """A client that trusts the authorities in the PEM file `ca`, and nobody else.

    Without `ca` it can open no https URL at all.
    """
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        trusted.load_verify_locations(ca)
    if certificate:
        trusted.load_cert_chain(certificate.chain, certificate.key)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trusted),
        headers={"User-Agent": user_agent},
    )
