"""Devices and their phones by the API: switches, enabling, and discovered phones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from asterisk_hotdesk.administration import devices, phones, values
from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.login import HotDesks, find_device
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import discovered, switches
from asterisk_hotdesk.web.admin.api.routes import PREFIX, ApiRoute, Call, Content

MOST_SWITCHES = 100


class SwitchesWanted(Content):
    """How many."""

    most: int = Field(default=10, ge=1, le=MOST_SWITCHES)


class PastSwitch(BaseModel):
    """One change of who sits at a device, step by step; null: not done."""

    generation: int
    extension: str | None = Field(description="null: the device became idle.")
    name: str | None
    decided_at: datetime
    routed_at: datetime | None = Field(description="The PBX has followed.")
    refreshed_at: datetime | None = Field(description="The phone was told.")
    confirmed_at: datetime | None = Field(description="The phone has fetched.")
    restarted_at: datetime | None


class Switches(BaseModel):
    """The last switches of a device, the newest first."""

    switches: list[PastSwitch]


class Enabling(Content):
    """Whether a device can be used."""

    enabled: bool
    generation: Annotated[
        int | None,
        Field(
            ge=0,
            description="Of the desk as you have seen it: if somebody has come or gone"
            " since, nothing is done. null: whatever it is.",
        ),
    ] = None


class Enabled(BaseModel):
    """What became of a device."""

    device: str
    enabled: bool
    logged_out: list[str] = Field(description="The extension of whoever sat there.")


class DiscoveredPhone(BaseModel):
    """A phone that asked for a configuration and is no device."""

    mac: str = Field(description="Twelve lower-case hexadecimal digits.")
    vendor: str
    model: str
    firmware: str
    address: str
    by: Literal["pnp", "http"]
    first_seen_at: datetime
    seen_at: datetime


class DiscoveredPhones(BaseModel):
    """All of them, whoever asked last first."""

    phones: list[DiscoveredPhone]


class Assignment(Content):
    """Which device a phone shall be."""

    device: str = Field(pattern="^[A-Za-z0-9]{1,32}$")
    replace: bool = Field(
        default=False,
        description="Also where another phone is that device; it can then neither"
        " fetch nor register any more.",
    )


class Assigned(BaseModel):
    """Which device a phone is."""

    mac: str
    device: str


class DeviceCalls:
    """Answers programs that ask for devices and phones."""

    def __init__(
        self,
        desks: HotDesks,
        config: ProvisioningConfig,
        now: Callable[[], datetime],
    ) -> None:
        self._desks = desks
        self._config = config
        self._now = now

    def routes(self) -> list[ApiRoute]:
        """Return what is served."""
        desk = f"{PREFIX}/desks/{{device}}"
        return [
            ApiRoute(
                method="GET",
                path=f"{desk}/switches",
                needs=Role.VIEWER,
                says="List the last switches of a device, with the time of each step.",
                query=SwitchesWanted,
                gives=Switches,
                answer=self._switches,
                refusals=(404,),
            ),
            ApiRoute(
                method="PUT",
                path=f"{desk}/enabled",
                needs=Role.ADMIN,
                says="Let a device be used, or by nobody; whoever sits there is then"
                " logged out.",
                body=Enabling,
                gives=Enabled,
                answer=self._set_enabled,
                refusals=(404, 409),
            ),
            ApiRoute(
                method="GET",
                path=f"{PREFIX}/phones",
                needs=Role.VIEWER,
                says="List discovered phones: those that asked and are no device.",
                gives=DiscoveredPhones,
                answer=self._phones,
            ),
            ApiRoute(
                method="POST",
                path=f"{PREFIX}/phones/{{mac}}/assign",
                needs=Role.OPERATOR,
                says="Make a phone a device.",
                body=Assignment,
                gives=Assigned,
                answer=self._assign,
                refusals=(404, 409),
            ),
        ]

    async def _switches(self, call: Call) -> Switches:
        asked: SwitchesWanted = call.query
        device = await find_device(self._desks, call.http.match_info["device"])
        async with self._desks.database.transaction() as tx:
            found = await switches.latest(tx, device.name, asked.most)
        return Switches(switches=[PastSwitch(**vars(one)) for one in found])

    async def _set_enabled(self, call: Call) -> Enabled:
        body: Enabling = call.body
        name = call.http.match_info["device"]
        logged_out = await devices.set_enabled(
            self._desks,
            [name],
            enabled=body.enabled,
            source=call.source,
            now=self._now(),
            seen={} if body.generation is None else {name: body.generation},
        )
        return Enabled(
            device=name,
            enabled=body.enabled,
            logged_out=[user.extension for user, _ in logged_out],
        )

    async def _phones(self, call: Call) -> DiscoveredPhones:
        async with self._desks.database.transaction() as tx:
            found = await discovered.everything(tx)
        return DiscoveredPhones(
            phones=[
                DiscoveredPhone(**{**vars(phone), **vars(phone.kind)})
                for phone in found
            ]
        )

    async def _assign(self, call: Call) -> Assigned:
        body: Assignment = call.body
        mac = values.mac_address(call.http.match_info["mac"])
        device = await phones.assign(
            self._desks.database,
            self._config,
            mac,
            body.device,
            replace=body.replace,
            source=call.source,
            now=self._now(),
        )
        return Assigned(mac=mac, device=device.name)
