"""The laboratory's telephones do from a shell what `make run` says they do."""

from __future__ import annotations

from tests.asterisk.conftest import Office
from tests.lab.desks import Desks, drive


async def test_a_call_between_two_telephones(office: Office) -> None:
    desks = Desks()
    desks.snoms["HD0001"] = await office.desk("HD0001")
    desks.phones["200"] = await office.phone("200")
    await office.log_in(desks.snoms["HD0001"], "100")
    said: list[str] = []

    await drive(desks, said.append, "200", "call", "100", pin="")

    assert said[0] == 'HD0001 rings and shows "Fixed phone 200" <200>'
    assert said[1:] == ["answered", "hung up"]


async def test_a_voice_that_hangs_up(office: Office) -> None:
    desks = Desks()
    desks.snoms["HD0001"] = await office.desk("HD0001")
    await office.hotdesk("login", "100", "HD0001")
    said: list[str] = []

    await drive(desks, said.append, "HD0001", "dial", "*77*5*", pin="")

    assert said[0] == "answered"
    assert said[1].startswith("the voice spoke for ")
    assert "HD0001" in said[2]
