"""Asks at the URL that phones are given whether we are there."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp

from asterisk_hotdesk.config import ProvisioningConfig

ANSWER_SECONDS = 3.0


async def problem_of(config: ProvisioningConfig) -> str | None:
    """Return why `base_url` does not lead to our service, or None where it does."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(f"{config.base_url}/healthz", ssl=_trust(config)) as response,
        ):
            said = await response.content.read(100)
    except aiohttp.ClientConnectorCertificateError as error:
        return f"its certificate is not trusted here ({error.certificate_error})"
    except TimeoutError:
        return f"no answer within {ANSWER_SECONDS:.0f} seconds"
    except (aiohttp.ClientError, OSError) as error:
        return f"no connection ({type(error).__name__})"
    if response.status != 200 or said.strip() != b"ok":
        return f"somebody else answers there (HTTP {response.status})"
    return None


def _trust(config: ProvisioningConfig) -> ssl.SSLContext | bool:
    """Return whom to trust: our own certificate may be signed by nobody."""
    if config.tls_certificate is None:
        return True
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(Path(config.tls_certificate))
    except OSError:
        return True
    return context
