"""What phones are told that ask the whole network who configures them."""

from __future__ import annotations

from asterisk_hotdesk import web
from asterisk_hotdesk.enrolment import Enrolment
from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.phones import vendor_of_mac
from asterisk_hotdesk.pnp.responder import Sighting


class PnpPhones:
    """What phones are told that ask the whole network."""

    def __init__(self, enrolment: Enrolment, base_url: str) -> None:
        self._enrolment = enrolment
        self._base_url = base_url

    async def bootstrap_url(self, sighting: Sighting) -> str | None:
        """Return where a phone that was seen may fetch; None: it is none of ours."""
        mac = sighting.mac
        # Many say "OEM" of themselves: their addresses know better.
        vendor = vendor_of_mac(mac) or sighting.vendor.lower()
        token = await self._enrolment.bootstrap_token(mac, sighting.address)
        if token is not None:
            return web.bootstrap_url(self._base_url, token, mac, vendor)
        kind = PhoneKind(
            vendor=vendor, model=sighting.model, firmware=sighting.firmware
        )
        await self._enrolment.note_stranger(
            mac, kind, address=sighting.address, by="pnp"
        )
        return None
