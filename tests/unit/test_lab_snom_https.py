"""The virtual snom and HTTPS: whom it trusts, and how it proves what it is."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from tests.lab.snom import VirtualSnom
from tests.lab.web_client import ClientCertificate
from tests.unit.lab_web import XML, LabWeb, serving

SETTINGS = """<settings><phone-settings e="2">
<user_idle_text idx="1" perm="RW">Frei</user_idle_text>
</phone-settings></settings>"""
MAC = "000413000001"


def pem(authority: trustme.CA, folder: Path) -> Path:
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def vendor() -> trustme.CA:
    """The authority that signs the phones' certificates in the factory."""
    return trustme.CA()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def web(authority: trustme.CA, vendor: trustme.CA) -> AsyncIterator[LabWeb]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    vendor.configure_trust(tls)
    tls.verify_mode = ssl.CERT_OPTIONAL
    async with serving(tls) as web:
        web.answers["/settings"] = (200, "text/xml", XML + SETTINGS)
        yield web


async def test_snom_fetches_from_a_server_that_it_trusts(
    web: LabWeb, authority: trustme.CA, tmp_path: Path
) -> None:
    ca = pem(authority, tmp_path)
    async with VirtualSnom(MAC, web.url("/settings"), ca=ca) as snom:
        assert "Frei" in snom.display()
    assert web.url("").startswith("https://")
    assert web.subjects == []


async def test_snom_trusts_nobody_else(
    web: LabWeb, authority: trustme.CA, tmp_path: Path
) -> None:
    ca = pem(trustme.CA(), tmp_path)
    async with VirtualSnom(MAC, web.url("/settings"), ca=ca) as snom:
        assert "CERTIFICATE_VERIFY_FAILED" in snom.last_error
        assert snom.fetches == 0
    await serves_those_who_trust(web, pem(authority, tmp_path))


async def test_snom_without_an_authority_trusts_nobody(
    web: LabWeb, authority: trustme.CA, tmp_path: Path
) -> None:
    async with VirtualSnom(MAC, web.url("/settings")) as snom:
        assert "CERTIFICATE_VERIFY_FAILED" in snom.last_error
    assert web.asked == []
    await serves_those_who_trust(web, pem(authority, tmp_path))


async def test_certificate_for_another_host_is_refused(
    web: LabWeb, authority: trustme.CA, tmp_path: Path
) -> None:
    ca = pem(authority, tmp_path)
    url = web.url("/settings").replace("127.0.0.1", "localhost")
    async with VirtualSnom(MAC, url, ca=ca) as snom:
        assert "CERTIFICATE_VERIFY_FAILED" in snom.last_error
    await serves_those_who_trust(web, ca)


async def serves_those_who_trust(web: LabWeb, ca: Path) -> None:
    """Assert that nothing but the trust was missing."""
    async with VirtualSnom(MAC, web.url("/settings"), ca=ca) as snom:
        assert snom.fetches == 1


async def test_snom_shows_its_own_certificate(
    web: LabWeb, authority: trustme.CA, vendor: trustme.CA, tmp_path: Path
) -> None:
    issued = vendor.issue_cert("phone.example", common_name=MAC)
    certificate = ClientCertificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    certificate.chain.write_bytes(b"".join(p.bytes() for p in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(certificate.key)
    ca, url = pem(authority, tmp_path), web.url("/settings")
    async with VirtualSnom(MAC, url, ca=ca, certificate=certificate) as snom:
        assert snom.fetches == 1
    assert MAC in web.subjects
