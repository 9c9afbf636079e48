"""What a snom is told: who it is, who sits there, and nothing of who sat there."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from asterisk_hotdesk.model import (
    Desk,
    Device,
    DeviceOptions,
    KeyKind,
    LoggedOutTreatment,
    PhoneKind,
    User,
    UserKey,
)
from asterisk_hotdesk.phones import FileRole, PhoneFile, PhoneSettings, render

DEVICE = Device(
    id=1,
    account="default",
    name="HD0001",
    mac="000413000001",
    sip_secret="pass<&word",
    web_password="web<&word",
    language=None,
    emergency_number="",
    location="Room 1",
)
ALICE = User(
    id=1,
    account="default",
    extension="100",
    name="Alice",
    context="internal",
    language=None,
    allowed=True,
    pin_hash=None,
    logged_out_treatment=LoggedOutTreatment.UNAVAILABLE,
    logged_out_target="",
)
SETTINGS = PhoneSettings(
    sip_server="pbx.example",
    sip_port=5060,
    setting_url="https://phones.example/p/0123456789abcdef",
    ask_code="*77",
    voicemail_code="*77*8*",
    logout_code="*77*5*",
    emergency_numbers=("112", "110"),
    default_language="en",
)
FILE = PhoneFile(
    mac="000413000001", name="000413000001.xml", role=FileRole.SETTINGS_XML
)
D785 = PhoneKind(vendor="snom", model="D785", firmware="10.1.198.12")
IDLE = Desk(device=DEVICE)
USED = Desk(device=DEVICE, user=ALICE)

PERSONAL = {
    "language",
    "user_realname",
    "user_idle_text",
    "user_idle_number",
    "user_ringer",
}


def rendered(desk: Desk, settings: PhoneSettings = SETTINGS) -> str:
    """Return the configuration as it travels to a D785."""
    return render(FILE, desk, (), settings, D785).text


def parsed(desk: Desk, settings: PhoneSettings = SETTINGS) -> ET.Element:
    """Return the configuration as the phone reads it."""
    return ET.fromstring(rendered(desk, settings).encode())  # noqa: S314


def named(name: str) -> Desk:
    """Return the desk where somebody called *name* sits."""
    return replace(USED, user=replace(ALICE, name=name))


def speaking(language: str | None) -> Desk:
    """Return the desk where somebody sits who speaks *language*."""
    return replace(USED, user=replace(ALICE, language=language))


def test_an_idle_phone_shows_its_own_name_and_offers_to_log_in() -> None:
    phone = parsed(IDLE)

    assert phone.findtext(".//user_idle_text") == "HD0001"
    assert phone.findtext(".//user_realname") == "HD0001"
    key = phone.find(".//fkey[@idx='0']")
    assert key is not None
    assert (key.get("label"), key.text) == ("Log in", "speed *77")


def test_a_used_phone_shows_its_user_and_offers_to_log_out() -> None:
    phone = parsed(USED)

    assert phone.findtext(".//user_idle_text") == "Alice 100"
    assert phone.findtext(".//user_idle_number") == "100"
    assert phone.findtext(".//user_realname") == "Alice"
    key = phone.find(".//fkey[@idx='0']")
    assert key is not None
    assert (key.get("label"), key.text) == ("Log out", "speed *77*5*")


def test_whoever_sits_there_the_phone_registers_as_itself() -> None:
    for phone in (parsed(IDLE), parsed(USED)):
        assert phone.findtext(".//user_name") == "HD0001"
        assert phone.findtext(".//user_pass") == "pass<&word"
        assert phone.findtext(".//user_host") == "pbx.example"
        assert phone.findtext(".//user_outbound") == "pbx.example:5060;transport=udp"
        assert phone.findtext(".//keyboard_lock_emergency") == "112 110"
        assert phone.findtext(".//setting_server") == (
            f"{SETTINGS.setting_url}/000413000001.xml"
        )


def test_a_login_changes_nothing_that_could_make_the_phone_reboot() -> None:
    def of_the_device(desk: Desk) -> list[tuple[str, dict[str, str], str | None]]:
        settings = parsed(desk).find("phone-settings")
        assert settings is not None
        return [(s.tag, s.attrib, s.text) for s in settings if s.tag not in PERSONAL]

    german = speaking("de")

    assert of_the_device(IDLE) == of_the_device(USED) == of_the_device(german)
    assert of_the_device(IDLE)[0] == (
        "auto_reboot_on_setting_change",
        {"perm": "R"},
        "off",
    )


@hypothesis_settings(deadline=None)
@given(
    before=st.builds(named, st.text(max_size=60)),
    after=st.sampled_from([IDLE, USED, speaking("de"), named("")]),
)
def test_nothing_of_the_previous_user_remains(before: Desk, after: Desk) -> None:
    """A phone keeps each setting that a file does not name."""

    def overwritten(desk: Desk) -> set[tuple[str, str | None, tuple[str, ...]]]:
        return {(s.tag, s.get("idx"), tuple(s.attrib)) for s in parsed(desk).iter()}

    assert overwritten(before) == overwritten(after)


def test_all_other_keys_are_empty() -> None:
    first, *others = parsed(USED).iter("fkey")

    assert first.text != "none"
    assert [key.get("idx") for key in others] == [
        str(number) for number in range(1, 24)
    ]
    assert {(key.get("label"), key.text) for key in others} == {("", "none")}


# Names


@pytest.mark.parametrize(
    "name",
    [
        "Zoë O'Brien",
        '<b>"Bobby" & Söhne</b>',
        "{{ device.sip_secret }}",
        "]]><x/>",
        "👩‍🚀 Anna",
        "דנה כהן",
        "n" * 60,
    ],
)
def test_people_have_all_kinds_of_names(name: str) -> None:
    phone = parsed(named(name))

    assert phone.findtext(".//user_realname") == name
    assert phone.findtext(".//user_idle_text") == f"{name} 100"


def test_a_name_of_several_lines_is_shown_on_one() -> None:
    phone = parsed(named("Alice\r\nAction:\tOriginate\x00\x1b[2J"))

    assert phone.findtext(".//user_realname") == "Alice Action: Originate[2J"


@pytest.mark.parametrize("name", ["", "   ", "\x00\n"])
def test_a_user_without_a_name_is_the_extension(name: str) -> None:
    assert parsed(named(name)).findtext(".//user_idle_text") == "100"


@hypothesis_settings(deadline=None)
@given(name=st.text(max_size=60))
def test_every_name_that_xml_can_hold_arrives_as_it_is(name: str) -> None:
    allowed = "".join(c for c in name if c >= " " and c not in "\ufffe\uffff")

    shown = parsed(named(allowed)).findtext(".//user_realname")

    assert (shown or "") == allowed
    parsed(named(name))


# Languages


@pytest.mark.parametrize(
    ("language", "snom_name", "log_out"),
    [
        ("en", "English", "Log out"),
        ("de", "Deutsch", "Abmelden"),
        ("de_CH", "Deutsch", "Abmelden"),
        ("DE-at", "Deutsch", "Abmelden"),
        ("fr", "Français", "Déconnexion"),
        ("es", "Español", "Cerrar sesión"),
        ("it", "Italiano", "Esci"),
        ("nl", "Nederlands", "Afmelden"),
        ("tlh", "English", "Log out"),
    ],
)
def test_the_phone_speaks_the_language_of_its_user(
    language: str, snom_name: str, log_out: str
) -> None:
    phone = parsed(speaking(language))

    assert phone.findtext(".//language") == snom_name
    assert next(phone.iter("fkey")).get("label") == log_out


def test_a_user_without_a_language_finds_the_one_of_the_desk() -> None:
    german_desk = replace(USED, device=replace(DEVICE, language="de"))

    assert parsed(german_desk).findtext(".//language") == "Deutsch"


def test_an_idle_phone_speaks_the_language_of_the_desk_else_the_usual_one() -> None:
    german_desk = replace(IDLE, device=replace(DEVICE, language="de"))

    assert parsed(german_desk).findtext(".//language") == "Deutsch"
    assert parsed(IDLE).findtext(".//language") == "English"


# The place


def test_tones_are_the_phones_own_unless_set() -> None:
    assert parsed(IDLE).find(".//tone_scheme") is None

    phone = parsed(IDLE, replace(SETTINGS, tone_scheme="GER"))

    assert phone.findtext(".//tone_scheme") == "GER"


def test_an_ipv6_server_is_written_in_brackets() -> None:
    phone = parsed(IDLE, replace(SETTINGS, sip_server="2001:db8::1"))

    assert phone.findtext(".//user_outbound") == ("[2001:db8::1]:5060;transport=udp")


@pytest.mark.parametrize(
    ("transport", "proxy", "outbound"),
    [
        ("", "", "pbx.example:5060;transport=udp"),
        ("tcp", "", "pbx.example:5060;transport=tcp"),
        ("tls", "", "pbx.example:5061;transport=tls"),
        ("", "sbc.example", "sbc.example:5060;transport=udp"),
        ("tls", "sbc.example", "sbc.example:5061;transport=tls"),
        ("tls", "sbc.example:5081", "sbc.example:5081;transport=tls"),
        ("udp", "[2001:db8::2]:5080", "[2001:db8::2]:5080;transport=udp"),
    ],
)
def test_a_phone_registers_in_the_way_of_its_device(
    transport: str, proxy: str, outbound: str
) -> None:
    options = DeviceOptions(transport=transport, outbound_proxy=proxy)

    phone = parsed(Desk(device=replace(DEVICE, options=options)))

    assert phone.findtext(".//user_outbound") == outbound
    assert phone.findtext(".//user_host") == "pbx.example"


@pytest.mark.parametrize(
    ("transport", "server_transport", "port"),
    [
        ("udp", "tls", 5060),
        ("tcp", "tls", 5060),
        ("tls", "tls", 5071),
        ("", "tls", 5071),
    ],
)
def test_the_port_is_that_of_the_settings_if_it_is_for_this_transport(
    transport: str, server_transport: str, port: int
) -> None:
    device = replace(DEVICE, options=DeviceOptions(transport=transport))
    settings = replace(SETTINGS, sip_transport=server_transport, sip_port=5071)

    outbound = parsed(Desk(device=device), settings).findtext(".//user_outbound")

    assert outbound == f"pbx.example:{port};transport={transport or 'tls'}"


def test_calls_are_encrypted_if_the_device_says_so() -> None:
    encrypted = parsed(Desk(device=replace(DEVICE, options=DeviceOptions(srtp=True))))

    assert encrypted.findtext(".//user_savp") == "mandatory"
    assert parsed(IDLE).findtext(".//user_savp") == "off"


@pytest.mark.parametrize(
    ("codecs", "offered"),
    [
        ((), "g722,pcma,pcmu,g729,telephone-event"),
        (("alaw", "opus"), "pcma,opus,telephone-event"),
        (("speex",), "g722,pcma,pcmu,g729,telephone-event"),
    ],
)
def test_a_phone_offers_the_codecs_of_its_device(
    codecs: tuple[str, ...], offered: str
) -> None:
    device = replace(DEVICE, options=DeviceOptions(codecs=codecs))

    assert parsed(Desk(device=device)).findtext(".//codec_priority_list") == offered


def test_the_time_zone_of_the_device_comes_before_that_of_the_office() -> None:
    office = replace(SETTINGS, timezone="Europe/Berlin")
    abroad = Desk(
        device=replace(DEVICE, options=DeviceOptions(timezone="Europe/London"))
    )

    assert parsed(IDLE).find(".//timezone") is None
    assert parsed(IDLE, office).findtext(".//timezone") == "GER+1"
    assert parsed(abroad, office).findtext(".//timezone") == "GBR-0"


def test_a_time_zone_that_snom_does_not_know_is_left_out() -> None:
    phone = parsed(IDLE, replace(SETTINGS, timezone="Asia/Tokyo"))

    assert phone.find(".//timezone") is None


# The person


def test_a_phone_rings_as_its_user_likes_it() -> None:
    loud = replace(USED, user=replace(ALICE, ringtone=7))

    assert parsed(loud).findtext(".//user_ringer") == "Ringer7"
    assert parsed(USED).findtext(".//user_ringer") == "Ringer1"


@pytest.mark.parametrize("desk", [IDLE, USED], ids=["idle", "used"])
def test_calls_ring_here_whatever_the_one_before_has_switched_on(desk: Desk) -> None:
    phone = parsed(desk)

    assert phone.findtext(".//dnd_mode") == "off"
    for when in ("all", "busy", "time"):
        assert phone.findtext(f".//fwd_{when}_enabled") == "off"
        assert phone.findtext(f".//fwd_{when}_target") == ""


def test_the_keys_of_the_user_follow_ours() -> None:
    keys = (
        UserKey(position=1, kind=KeyKind.BLF, value="200", label="Bob & Co"),
        UserKey(position=2, kind=KeyKind.DND),
    )
    settings = replace(SETTINGS, pickup_prefix="*8")

    phone = ET.fromstring(render(FILE, USED, keys, settings, D785).text)  # noqa: S314

    ours, bob, dnd, *others = phone.iter("fkey")
    assert (ours.get("label"), ours.text) == ("Log out", "speed *77*5*")
    assert (bob.get("label"), bob.text) == ("Bob & Co", "blf 200|*8")
    assert dnd.text == "keyevent F_DND"
    assert {key.text for key in others} == {"none"}


# Our pages


def test_the_phone_says_when_it_is_up_and_opens_our_menu_if_there_is_one() -> None:
    settings = replace(
        SETTINGS,
        action_url="https://phones.example/a/T",
        menu_url="https://phones.example/m/T",
        trusted_host="phones.example",
    )

    phone = parsed(IDLE, settings)

    assert phone.findtext(".//action_setup_url") == "https://phones.example/a/T/boot"
    assert phone.findtext(".//action_log_on_url") == (
        "https://phones.example/a/T/registered"
    )
    assert phone.findtext(".//gui_fkey1") == "url https://phones.example/m/T"
    assert phone.findtext(".//mb_trusted_hosts") == "phones.example"
    assert phone.findtext(".//xml_notify") == "on"


def test_without_a_menu_nobody_may_control_the_phone() -> None:
    phone = parsed(IDLE, replace(SETTINGS, trusted_host="phones.example"))

    assert phone.find(".//gui_fkey1") is None
    assert phone.findtext(".//mb_trusted_hosts") == ""


@pytest.mark.parametrize(
    ("model", "name"),
    [("D785", "http_pass"), ("720", "http_pass"), ("D865", "webserver_admin_password")],
)
def test_the_phones_own_web_page_has_a_password(model: str, name: str) -> None:
    kind = PhoneKind(vendor="snom", model=model)

    phone = ET.fromstring(render(FILE, IDLE, (), SETTINGS, kind).text)  # noqa: S314

    assert phone.findtext(f".//{name}") == "web<&word"
    assert phone.findtext(".//admin_mode_password") == "web<&word"


def test_no_secret_is_in_what_is_printed_of_a_file() -> None:
    document = render(FILE, USED, (), SETTINGS, D785)

    for secret in (DEVICE.sip_secret, DEVICE.web_password, SETTINGS.setting_url):
        assert secret not in repr((document, SETTINGS, USED))
