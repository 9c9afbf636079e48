"""Sending to a receiver: what counts as taken, and what is said of one that fails."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from asterisk_hotdesk.config import WebhookConfig
from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.webhooks.message import Message
from asterisk_hotdesk.webhooks.receiver import Receiver, Undelivered
from tests import webhook_receiver
from tests.webhook_receiver import SECRET, Behaviour, receiving

MESSAGE = Message("here_7", b'{"id":7}')
TOKEN = "t0k3n"


@pytest.fixture
async def receiver() -> AsyncIterator[webhook_receiver.Receiver]:
    async with receiving() as receiver:
        yield receiver


def settings(url: str, ca_file: Path | None = None) -> WebhookConfig:
    return WebhookConfig.model_validate(
        {
            "url": f"{url}?token={TOKEN}",
            "secret": SECRET,
            "timeout_seconds": 1,
            "ca_file": str(ca_file) if ca_file else None,
        }
    )


async def send(config: WebhookConfig) -> int:
    async with Receiver("booking", config) as receiver:
        return await receiver.send(MESSAGE, datetime.now(UTC))


async def refused(config: WebhookConfig) -> str:
    """Return why the message is not delivered."""
    with pytest.raises(Undelivered) as caught:
        await send(config)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


async def test_a_message_comes_signed(receiver: webhook_receiver.Receiver) -> None:
    assert await send(settings(receiver.url)) == 204

    (got,) = receiver.got
    assert got.is_genuine()
    assert not got.is_genuine("whsec_" + "A" * 32)
    assert (got.id, got.body) == (MESSAGE.id, MESSAGE.body)
    assert got.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (500, "answered 500"),
        (400, "answered 400"),
        (410, "answered 410"),
        ("hang", "did not answer within 1 s"),
        ("close", "broke the connection (ServerDisconnectedError)"),
    ],
)
async def test_every_other_end_is_told_with_its_reason(
    receiver: webhook_receiver.Receiver, behaviour: Behaviour, why: str
) -> None:
    receiver.always = behaviour

    said = await refused(settings(receiver.url))

    assert said.startswith("webhook booking (http://127.0.0.1:")
    assert said.endswith(f") {why}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(
    receiver: webhook_receiver.Receiver, status: int
) -> None:
    receiver.always = status

    assert (await refused(settings(receiver.url))).endswith(f"answered {status}")
    assert len(receiver.got) == 1


async def test_nobody_there_is_told_plainly() -> None:
    async with receiving() as receiver:
        pass

    said = await refused(settings(receiver.url))

    assert said.endswith(") cannot be reached: Connection refused")


async def test_a_name_that_nobody_knows_is_told_plainly() -> None:
    said = await refused(settings("https://booking..example/hook"))

    assert said.endswith("(https://booking..example) has a name that is not known")


# TLS


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def encryption(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    return context


def written(authority: trustme.CA, folder: Path) -> Path:
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


async def test_a_certificate_of_a_private_authority_is_believed_where_it_is_named(
    authority: trustme.CA, tmp_path: Path
) -> None:
    async with receiving(encryption(authority, "127.0.0.1")) as receiver:
        config = settings(receiver.url, written(authority, tmp_path))

        assert await send(config) == 204
        assert "certificate that is not believed" in await refused(
            settings(receiver.url)
        )

    assert len(receiver.got) == 1


async def test_a_certificate_for_another_host_is_not_believed(
    authority: trustme.CA, tmp_path: Path
) -> None:
    async with receiving(encryption(authority, "192.0.2.7")) as receiver:
        said = await refused(settings(receiver.url, written(authority, tmp_path)))

    assert "certificate that is not believed" in said
    assert receiver.got == []


async def test_a_server_without_tls_is_told_plainly(
    receiver: webhook_receiver.Receiver,
) -> None:
    said = await refused(settings(receiver.url.replace("http:", "https:")))

    assert said.endswith(") does not speak TLS as we do")
    assert receiver.got == []


async def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    nothing = tmp_path / "ca.pem"
    nothing.write_text("no certificate")

    with pytest.raises(ConfigError, match=r"webhooks\.booking\.ca_file: .* is no file"):
        Receiver("booking", settings("https://booking.example/hook", nothing))
