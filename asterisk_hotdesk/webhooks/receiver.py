"""One receiver over HTTP: whether it took a message, and else why not."""

from __future__ import annotations

import os
import ssl
from datetime import datetime
from types import TracebackType

import aiohttp

from asterisk_hotdesk import __version__
from asterisk_hotdesk.config import WebhookConfig
from asterisk_hotdesk.errors import ConfigError, Unavailable
from asterisk_hotdesk.webhooks.message import Message, headers


class Undelivered(Unavailable):
    """A receiver did not take a message; the text says why, without the URL."""

    def __init__(self, who: str, why: str) -> None:
        super().__init__(f"{who} {why}")
        self.why = why


class Receiver:
    """Sends messages to the URL of one webhook, while the block runs."""

    def __init__(self, name: str, config: WebhookConfig) -> None:
        """Raises `ConfigError` if `ca_file` cannot be used."""
        self._who = f"webhook {name} ({config.origin})"
        self._config = config
        self._tls = _tls(name, config)

    async def __aenter__(self) -> Receiver:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            timeout=aiohttp.ClientTimeout(total=self._config.timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"asterisk-hotdesk/{__version__}"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def send(self, message: Message, at: datetime) -> int:
        """Return the status, of those from 200 to 299, that the receiver answers.

        Raises `Undelivered` for every other end.  Redirects are not followed: nobody
        but the administrator decides who is told.
        """
        try:
            async with self._http.post(
                self._config.url.get_secret_value(),
                data=message.body,
                headers=headers(message, self._config.key, at),
                allow_redirects=False,
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # Not its text: that may quote the URL.
            raise Undelivered(self._who, self._reason(error)) from None
        if not 200 <= status <= 299:
            raise Undelivered(self._who, f"answered {status}")
        return status

    def _reason(self, error: Exception) -> str:
        match error:
            case TimeoutError():
                return f"did not answer within {self._config.timeout_seconds} s"
            case aiohttp.ClientConnectorCertificateError():
                cause = error.certificate_error
                why = getattr(cause, "verify_message", type(cause).__name__)
                return f"has a certificate that is not believed: {why}"
            case aiohttp.ClientSSLError():
                return "does not speak TLS as we do"
            # Some names cannot even be asked for.
            case aiohttp.ClientConnectorDNSError() | ValueError():
                return "has a name that is not known"
            case aiohttp.ClientConnectorError():
                return f"cannot be reached: {os.strerror(error.errno or 0)}"
            case _:
                return f"broke the connection ({type(error).__name__})"


def _tls(name: str, config: WebhookConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or getattr(error, "reason", None) or type(error).__name__
        raise ConfigError(
            f"webhooks.{name}.ca_file: {config.ca_file} is no file of certificates in"
            f" PEM that the service can read ({why})"
        ) from None
