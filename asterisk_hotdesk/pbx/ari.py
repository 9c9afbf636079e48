"""ARI: the requests that we use, typed, and the events of our Stasis application.

Asterisk loses all events while the WebSocket is down and repeats none of them, so
whoever reads events must look at the whole state again after each connect.
Source: Asterisk documentation, "Asterisk REST Interface (ARI)".
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from asterisk_hotdesk.errors import Unavailable

log = logging.getLogger(__name__)

REQUEST_SECONDS = 5.0
HEARTBEAT_SECONDS = 5.0
"""Asterisk never pings us: only our own pings tell a dead peer from a quiet one."""

Event = dict[str, Any]


class AriRefused(Unavailable):
    """Asterisk understood the request and said no; *status* is the HTTP status."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(f"ARI answered {status} to {what}")
        self.status = status


class Ari:
    """A client of one Asterisk.  Use it as a context manager.

    Every method raises `Unavailable` when Asterisk is not there, is still booting
    (HTTP 503) or does not answer in time, and `AriRefused` when it says no.
    """

    def __init__(
        self, url: str, username: str, password: str, application: str
    ) -> None:
        self.application = application
        self._url = url.rstrip("/") + "/ari/"
        # In a header, never in a URL: those end up in other programs' logs.
        self._authorization = aiohttp.encode_basic_auth(username, password)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            headers={"Authorization": self._authorization},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            # Below Asterisk's session_keep_alive of 15 s: never send a request on a
            # connection that it is about to close.
            connector=aiohttp.TCPConnector(keepalive_timeout=10, limit=20),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def _ask(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        """Return what Asterisk answers to a GET."""
        content = await self._request("GET", path, query=query)
        try:
            return json.loads(content)
        except ValueError:
            raise Unavailable(
                f"Asterisk's ARI did not answer GET {path} in JSON"
            ) from None

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> bytes:
        what = f"{method} {path}"
        try:
            async with self._http.request(
                method, self._url + path, params=query, json=body
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(
                f"Asterisk's ARI cannot be reached ({type(error).__name__})"
            ) from None
        if response.status == 503:
            raise Unavailable("Asterisk is still booting")
        if response.status == 401:
            raise Unavailable(
                "Asterisk's ARI refuses our user name or password;"
                " compare ari.conf with [asterisk] in hotdesk.toml"
            )
        if response.status >= 400:
            raise AriRefused(response.status, what)
        return content

    # Endpoints ---------------------------------------------------------------

    async def put_endpoint(self, name: str, fields: Mapping[str, str]) -> None:
        """Give the PJSIP endpoint *name* these fields; others stay as they are.

        Effective for the next call; running calls keep what they had.
        """
        if not all(isinstance(value, str) for value in fields.values()):
            # Asterisk takes strlen() of what is no string, and crashes
            # (resource_asterisk.c, ast_ari_asterisk_update_object).
            raise TypeError("every endpoint field must be a string")
        await self._request(
            "PUT",
            f"asterisk/config/dynamic/res_pjsip/endpoint/{quote(name)}",
            body={
                "fields": [
                    {"attribute": attribute, "value": value}
                    for attribute, value in fields.items()
                ]
            },
        )

    async def endpoint(self, name: str) -> dict[str, str] | None:
        """Return all fields of the PJSIP endpoint *name*, or None."""
        try:
            fields = await self._ask(
                f"asterisk/config/dynamic/res_pjsip/endpoint/{quote(name)}"
            )
        except AriRefused as refused:
            if refused.status == 404:
                return None
            raise
        return {field["attribute"]: field["value"] for field in fields}

    async def delete_endpoint(self, name: str) -> None:
        """Remove the PJSIP endpoint *name*; it is no error if there is none."""
        await self._unless_gone(
            "DELETE", f"asterisk/config/dynamic/res_pjsip/endpoint/{quote(name)}"
        )

    # Channels ----------------------------------------------------------------

    async def play(
        self, channel: str, playback: str, media: Sequence[str], language: str
    ) -> None:
        """Start to play *media* one after the other, under our own playback id."""
        await self._request(
            "POST",
            f"channels/{quote(channel)}/play/{quote(playback)}",
            query={"media": ",".join(media), "lang": language},
        )

    async def stop_playback(self, playback: str) -> None:
        """Fall silent; it is no error if the playback has ended."""
        await self._unless_gone("DELETE", f"playbacks/{quote(playback)}")

    async def hang_up(self, channel: str) -> None:
        """End the call; it is no error if the caller was faster."""
        await self._unless_gone("DELETE", f"channels/{quote(channel)}")

    async def continue_in_dialplan(self, channel: str, context: str) -> None:
        """Send the channel to extension `s` of *context*."""
        await self._unless_gone(
            "POST",
            f"channels/{quote(channel)}/continue",
            query={"context": context, "extension": "s", "priority": "1"},
        )

    async def channels(self) -> frozenset[str]:
        """Return the unique ids of all channels that there are."""
        return frozenset(channel["id"] for channel in await self._ask("channels"))

    async def ring(
        self,
        endpoint: str,
        *,
        context: str,
        caller_id: str,
        seconds: int,
        variables: Mapping[str, str],
    ) -> None:
        """Ring *endpoint*; whoever answers is at extension `s` of *context*.

        Returns as soon as Asterisk begins.
        """
        await self._request(
            "POST",
            "channels",
            query={
                "endpoint": endpoint,
                "context": context,
                "extension": "s",
                "priority": "1",
                "callerId": caller_id,
                "timeout": str(seconds),
            },
            body={"variables": dict(variables)},
        )

    async def _unless_gone(
        self, method: str, path: str, query: Mapping[str, str] | None = None
    ) -> None:
        try:
            await self._request(method, path, query=query)
        except AriRefused as refused:
            # 409: the channel is hung up already, and only its last event is missing.
            if refused.status not in (404, 409):
                raise

    # The rest ----------------------------------------------------------------

    async def version(self) -> str:
        """Return Asterisk's version, as `22.10.1`."""
        found = await self._ask("asterisk/info", query={"only": "system"})
        return str(found["system"]["version"])

    async def started_at(self) -> datetime | None:
        """Return when Asterisk was started, or None where it does not say."""
        found = await self._ask("asterisk/info", query={"only": "status"})
        try:
            return datetime.fromisoformat(found["status"]["startup_time"])
        except (KeyError, TypeError, ValueError):
            return None

    async def running_modules(self) -> frozenset[str]:
        """Return the names of the modules that run, without `.so`."""
        found = await self._ask("asterisk/modules")
        return frozenset(
            module["name"].removesuffix(".so")
            for module in found
            if module["status"] == "Running"
        )

    async def log_levels(self) -> dict[str, list[str]]:
        """Return what each of Asterisk's logs shows, in lower case."""
        found = await self._ask("asterisk/logging")
        return {log["channel"]: log["configuration"].lower().split() for log in found}

    async def endpoint_names(self) -> frozenset[str]:
        """Return the names of all PJSIP endpoints."""
        found = await self._ask("endpoints/PJSIP")
        return frozenset(endpoint["resource"] for endpoint in found)

    async def has_calls(self, endpoint: str) -> bool:
        """Return whether a PJSIP endpoint has a call; what is not there has none."""
        try:
            found = await self._ask(f"endpoints/PJSIP/{quote(endpoint)}")
        except AriRefused as refused:
            if refused.status == 404:
                return False
            raise
        return bool(found["channel_ids"])

    async def may_write(self) -> bool:
        """Return whether our user may do more than read; changes nothing."""
        try:
            await self._request("PUT", "asterisk/config/dynamic/res_pjsip/none/none")
        except AriRefused as refused:
            # 404: there is no such kind of object, but we might have written one.
            return refused.status == 404
        return True

    async def sound_languages(self, sound: str) -> frozenset[str] | None:
        """Return in which languages *sound* exists, or None where it does not."""
        try:
            found = await self._ask(f"sounds/{quote(sound, safe='')}")
        except AriRefused as refused:
            if refused.status == 404:
                return None
            raise
        return frozenset(entry["language"] for entry in found["formats"])

    async def waiting_channels(self) -> list[str]:
        """Return the channels that are in our Stasis application now."""
        try:
            found = await self._ask(f"applications/{quote(self.application)}")
        except AriRefused as refused:
            if refused.status == 404:
                return []
            raise
        return list(found["channel_ids"])

    async def global_variable(self, name: str) -> str:
        """Return a global variable of the dialplan; empty if it is not set."""
        try:
            found = await self._ask("asterisk/variable", query={"variable": name})
        except AriRefused as refused:
            if refused.status == 404:
                return ""
            raise
        return str(found["value"])

    async def set_global_variable(self, name: str, value: str) -> None:
        """Set a global variable of the dialplan; it lasts until Asterisk restarts."""
        await self._request(
            "POST", "asterisk/variable", query={"variable": name, "value": value}
        )

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        """Register the Stasis application and yield its events.

        The iterator raises `Unavailable` when the connection is lost.
        """
        try:
            socket = await self._http.ws_connect(
                self._url + "events",
                params={"app": self.application, "subscribeAll": "false"},
                heartbeat=HEARTBEAT_SECONDS,
                max_msg_size=1 << 20,
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(
                f"Asterisk's ARI does not accept our WebSocket ({_reason(error)})"
            ) from None
        async with socket:
            yield _messages(socket)


async def _messages(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Event]:
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            break
        try:
            event = json.loads(message.data)
        except ValueError:
            log.warning("ARI sent an event that is not JSON; it was passed over")
            continue
        if isinstance(event, dict):
            yield event
        # Asterisk gives up on a reader that is slow for 100 ms: let nobody who
        # consumes these events starve the loop that reads them.
        await asyncio.sleep(0)
    raise Unavailable("the connection to Asterisk's ARI is lost")


def _reason(error: BaseException) -> str:
    status = getattr(error, "status", None)
    return f"HTTP {status}" if status else type(error).__name__
