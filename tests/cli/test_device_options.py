"""What is set for one phone, and who sits there from its first start on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.cli.conftest import Rows

DEFAULTS = {
    "transport": "",
    "srtp": False,
    "codecs": [],
    "timezone": "",
    "outbound_proxy": "",
    "hot_desk_key": 1,
    "keep_key_positions": False,
    "never_logout": False,
    "logout_after_idle": "",
    "logout_after": "",
    "logout_at": "",
}
REMOTE = {
    "transport": "tls",
    "srtp": True,
    "codecs": ["g722", "alaw"],
    "timezone": "Europe/Berlin",
    "outbound_proxy": "sbc.example.net:5061",
    "hot_desk_key": 3,
    "keep_key_positions": True,
    "never_logout": True,
    "logout_after_idle": "90m",
    "logout_after": "10h",
    "logout_at": "18:00",
}
SAID = (
    "--transport", "tls", "--srtp", "--codecs", "g722,alaw",
    "--timezone", "Europe/Berlin", "--outbound-proxy", "sbc.example.net:5061",
    "--hot-desk-key", "3", "--keep-key-positions", "--never-logout",
    "--logout-after-idle", "90m", "--logout-after", "10H", "--logout-at", "18:00",
)  # fmt: skip
UNSAID = (
    "--transport", "", "--no-srtp", "--codecs", "", "--timezone", "",
    "--outbound-proxy", "", "--hot-desk-key", "", "--move-keys",
    "--logout-by-rules", "--logout-after-idle", "", "--logout-after", "",
    "--logout-at", "",
)  # fmt: skip


async def shown(hotdesk: Command, name: str, key: str = "options") -> object:
    return (await hotdesk.json("device", "show", name))[key]


async def test_options_are_kept_and_shown(hotdesk: Command) -> None:
    await hotdesk.succeeds("device", "add", "HD1", "--mac", "000413000001", *SAID)
    await hotdesk.succeeds("device", "add", "HD2", "--mac", "000413000002")
    assert await shown(hotdesk, "HD1") == REMOTE
    assert await shown(hotdesk, "HD2") == DEFAULTS
    text = (await hotdesk.succeeds("device", "show", "HD1")).out
    for words in ("Transport         tls", "SRTP              yes", "g722,alaw",
                  "Hot-desk key      3", "Users' keys       stay"):  # fmt: skip
        assert words in text


async def test_options_are_edited_and_go_back_to_their_defaults(
    office: Command,
) -> None:
    await office.succeeds("device", "edit", "HD0001", *SAID)
    assert await shown(office, "HD0001") == REMOTE
    await office.succeeds("device", "edit", "HD0001", "--hot-desk-key", "off")
    assert await shown(office, "HD0001") == REMOTE | {"hot_desk_key": 0}
    await office.succeeds("device", "edit", "HD0001", *UNSAID)
    assert await shown(office, "HD0001") == DEFAULTS


async def test_options_of_a_file(office: Command, tmp_path: Path) -> None:
    file = tmp_path / "phones.csv"
    header = "name;mac;" + ";".join(DEFAULTS) + ";base_user\n"
    file.write_text(
        header + "HD11;000413000011;tls;yes;g722,alaw;Europe/Berlin;"
        "sbc.example.net:5061;3;yes;yes;90m;10h;18:00;100\n"
        "HD12;000413000012;;;;;;;;;;;;\n"
    )
    await office.succeeds("device", "add", "--csv", str(file))
    assert await shown(office, "HD11") == REMOTE
    assert await shown(office, "HD12") == DEFAULTS
    assert await shown(office, "HD11", "base_user") == "100"


async def test_every_bad_option_of_a_file_is_told(
    office: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    lines = {
        "logout_at": ("6 pm", "time of day '6 pm': expected such as 18:00"),
        "logout_after": ("0h", "time '0h': expected hours or minutes: 4h or 90m"),
        "transport": ("ws", "transport 'ws': expected udp, tcp or tls"),
        "srtp": ("1", "srtp '1': expected yes or no"),
        "codecs": ("g722 mp3", "codec 'mp3': expected Asterisk's names"),
        "timezone": ("Europe/Bonn", "time zone 'Europe/Bonn': expected an IANA name"),
        "outbound_proxy": ("sip:x", "outbound proxy 'sip:x': expected HOST"),
        "hot_desk_key": ("0", "hot-desk key '0': expected 1 to 200 or off"),
        "keep_key_positions": ("maybe", "keep key positions 'maybe': expected yes"),
        "first_user": ("abc", "extension 'abc': expected 2 to 10 digits"),
    }
    for number, (column, (wrong, complaint)) in enumerate(lines.items()):
        file.write_text(f"name,mac,{column}\nHD{number},0004130000aa,{wrong}\n")
        refused = await office("device", "add", "--csv", str(file))
        assert refused.code == 1
        assert refused.lines[0].startswith(f"{file}:2: {complaint}")
    file.write_text(
        "name,mac,first_user,base_user\n"
        "HD11,000413000011,999,\nHD12,000413000012,,100\nHD13,000413000013,100,101\n"
    )
    refused = await office("device", "add", "--csv", str(file))
    assert refused.lines == [
        f"{file}:4: first user and base user: expected only one of them"
    ]
    file.write_text(
        "name,mac,account,base_user\nHD11,000413000011,,999\nHD12,000413000012,n,100\n"
    )
    refused = await office("device", "add", "--csv", str(file))
    assert refused.lines == [
        f"{file}:2: there is no user 999 in account default",
        f"{file}:3: there is no user 100 in account n",
    ]
    assert len(await office.json("device", "list")) == 3


@pytest.mark.parametrize(
    ("option", "returns"), [("--first-user", False), ("--base-user", True)]
)
async def test_somebody_sits_there_from_the_first_start_on(
    office: Command, rows: Rows, option: str, returns: bool
) -> None:
    await office.succeeds(
        "device", "add", "HD9", "--mac", "000413000009", option, "100"
    )
    (kept,) = await rows(
        "SELECT base_user_due, base_user_returns, extension FROM devices"
        " JOIN users ON users.id = base_user_id WHERE devices.name = 'HD9'"
    )
    assert list(kept.values()) == [True, returns, "100"]
    found = await office.json("device", "show", "HD9")
    assert (found["first_user"], found["base_user"]) == (
        (None, "100") if returns else ("100", None)
    )
    assert "100 User 100" in (await office.succeeds("device", "show", "HD9")).out


async def test_a_base_user_is_given_and_taken_by_editing(
    office: Command, rows: Rows
) -> None:
    await office.succeeds("device", "edit", "HD0001", "--base-user", "101")
    assert await shown(office, "HD0001", "base_user") == "101"
    await office.succeeds("device", "edit", "HD0001", "--location", "Attic")
    assert await shown(office, "HD0001", "base_user") == "101"
    await office.succeeds("device", "edit", "HD0001", "--base-user", "")
    assert await shown(office, "HD0001", "base_user") is None
    due = await rows("SELECT 1 FROM devices WHERE base_user_due")
    assert due == []
    refused = await office("device", "edit", "HD0001", "--first-user", "999")
    assert refused.lines == ["There is no user 999 in account default."]
