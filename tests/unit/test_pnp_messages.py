"""What a phone asks by SIP PnP is understood, and what is not that is left alone."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.pnp.messages import (
    Answer,
    Subscribe,
    accepted,
    notify,
    parse_answer,
    parse_subscribe,
)
from tests.lab import sip
from tests.unit.pnp_request import MAC, URL, subscribe

PHONE = ("192.0.2.90", 5060)
OURS = ("192.0.2.10", 40000)

EVENT = 'ua-profile;profile-type="device";vendor="snom";model="snomD785";version="10.1"'


def understood(*changes: tuple[str, str]) -> Subscribe:
    """Return what we read in a changed SUBSCRIBE."""
    request = parse_subscribe(subscribe(*changes))
    assert request is not None
    return request


def told(request: Subscribe, url: str = URL) -> tuple[sip.Response, sip.Request]:
    """Return the 200 and the NOTIFY for it, as a phone reads them."""
    ok = sip.parse(accepted(request, PHONE, ours=OURS, tag="our"))
    telling = sip.parse(
        notify(request, PHONE, ours=OURS, tag="our", branch="z9hG4bKours", url=url)
    )
    assert isinstance(ok, sip.Response)
    assert isinstance(telling, sip.Request)
    return ok, telling


def test_a_snom_says_what_it_is() -> None:
    request = understood()

    assert request.mac == MAC
    assert (request.vendor, request.model) == ("snom", "snomD785")
    assert request.firmware == "10.1"


@pytest.mark.parametrize(
    "name",
    ["MAC%3a", "MAC%3A", "MAC:", "MAC=", "mac%3a", "Mac:"],
)
def test_the_mac_address_is_read_in_all_spellings(name: str) -> None:
    assert understood(("MAC%3a000413AABBCC", f"{name}000413aAbBcC")).mac == MAC


@pytest.mark.parametrize("place", ["SUBSCRIBE ", "From: <", "To: <"])
def test_the_mac_address_may_be_in_one_place_only(place: str) -> None:
    request = understood(
        ("sip:MAC%3a000413AABBCC@", "sip:phone@"),
        (f"{place}sip:phone@", f"{place}sip:MAC%3a000413AABBCC@"),
    )

    assert request.mac == MAC


@pytest.mark.parametrize(
    "change",
    [
        ("\nVia:", "\nv:"),
        ("\nFrom:", "\nf:"),
        ("\nTo:", "\nt:"),
        ("\nCall-ID:", "\ni:"),
        ("\nEvent:", "\no:"),
        ("\nContact:", "\nm:"),
        ("\nCSeq:", "\ncSEQ  :"),
        ("\nEvent: ua-profile;", "\nEvent:\n  UA-Profile ;\n\t"),
        ("Via: SIP/2.0/UDP 192.0.2.90:5060", "Via: SIP / 2.0 / UDP 192.0.2.90 : 5060"),
        ("From: <", 'From: "Bob \\" <x>; y" <'),
        ("Expires: 0\n", ""),
    ],
)
def test_the_same_in_another_form_is_the_same_phone(change: tuple[str, str]) -> None:
    assert understood(change).mac == MAC


def test_a_phone_that_says_little_is_understood() -> None:
    request = understood((EVENT, "ua-profile"), (";tag=658512961", ""))

    assert (request.vendor, request.model, request.firmware) == ("", "", "")


def test_what_a_phone_says_of_itself_is_short_and_printable() -> None:
    request = understood(('vendor="snom"', f'vendor="{"x" * 500}\u202e"'))

    assert request.vendor == "x" * 64


@pytest.mark.parametrize(
    "change",
    [
        ("SUBSCRIBE sip", "NOTIFY sip"),
        ("SUBSCRIBE sip", "SUBSCRIBE  sip"),
        (" SIP/2.0\n", " SIP/3.0\n"),
        (" SIP/2.0\n", "\n"),
        ("1 SUBSCRIBE", "1 NOTIFY"),
        ("1 SUBSCRIBE", "SUBSCRIBE"),
        ("1 SUBSCRIBE", "99999999999 SUBSCRIBE"),
        ("Event: ua-profile", "Event: presence"),
        ("Event: ", "No-Event: "),
        ("Via: ", "No-Via: "),
        ("From: ", "No-From: "),
        ("To: ", "No-To: "),
        ("Call-ID: ", "No-Call-ID: "),
        ("Call-ID: 19", "Call-ID: two words"),
        ("CSeq: ", "No-CSeq: "),
        ("To: <", "To: "),
        ("To: <", "To: <>, <"),
        ("224.0.1.75>\nCall-ID", "224.0.1.75>;tag=ours\nCall-ID"),
        ("/UDP", "/TCP"),
        ("192.0.2.90:5060;rport", "192.0.2.90:70000;rport"),
        ("192.0.2.90:5060;rport", ";rport"),
        ("AABBCC", "AABBC"),
        ("AABBCC", "AABBCCD"),
        ("AABBCC", "AABBCG"),
        ("MAC%3a", "IMEI%3a"),
        ("To: <sip:MAC%3a000413AABBCC", "To: <sip:MAC%3a000413AABBCD"),
        ("\nTo: ", "\nFrom: <sip:MAC%3a000413AABBCC@x>\nTo: "),
        ("Expires: 0", "Expires"),
        ("Expires: 0", ": 0"),
        ("\nContent-Length: 0\n\n", "\n"),
        ("tag=658512961", "tag=\x00"),
    ],
)
def test_what_is_no_request_for_a_configuration_is_left_alone(
    change: tuple[str, str],
) -> None:
    assert parse_subscribe(subscribe(change)) is None


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\r\n\r\n",
        b"\x00\x00\x00\x00",
        b"SUBSCRIBE",
        b"\xff" * 65_507,
        subscribe().replace(b"snomD785", b"snom\xc3"),
        subscribe(("snomD785", "x" * 65_000)),
        subscribe(("Expires: 0", "X: 0\n" * 10_000 + "Expires: 0")),
        subscribe(("tag=658512961", "tag=1")).replace(b"tag=1", b"tag=1\rVia: x"),
        subscribe(("tag=658512961", "tag=1")).replace(b"tag=1", b"tag=1\nVia: x"),
    ],
)
def test_a_broken_datagram_is_left_alone(datagram: bytes) -> None:
    assert parse_subscribe(datagram) is None
    assert parse_answer(datagram) is None


@given(st.binary(max_size=6000))
def test_no_datagram_raises(datagram: bytes) -> None:
    assert parse_subscribe(datagram) is None
    parse_answer(datagram)


@given(st.integers(0, 500), st.integers(0, 30), st.binary(max_size=30))
def test_no_damage_puts_a_header_into_what_we_send(
    at: int, cut: int, extra: bytes
) -> None:
    whole = subscribe()
    request = parse_subscribe(whole[:at] + extra + whole[at + cut :])
    if request is None:
        return

    ok = accepted(request, PHONE, ours=OURS, tag="our")
    telling = notify(request, PHONE, ours=OURS, tag="our", branch="b", url=URL)

    vias = ["Via"] * (1 + len(request.older_vias))
    assert headers_of(ok) == [*vias, *DIALOG, "Contact", "Expires", "Content-Length"]
    assert headers_of(telling) == [
        *("Via", "Max-Forwards", *DIALOG, "Contact", "Event", "Subscription-State"),
        *("Content-Type", "Content-Length"),
    ]


DIALOG = ("From", "To", "Call-ID", "CSeq")


def headers_of(datagram: bytes) -> list[str]:
    """Return the names of the headers, for readers who take any line break."""
    _, *lines = datagram.partition(b"\r\n\r\n")[0].splitlines()
    return [line.partition(b":")[0].decode() for line in lines]


@given(st.binary(max_size=300))
def test_no_answer_raises(datagram: bytes) -> None:
    with contextlib.suppress(UnicodeDecodeError):
        assert parse_answer(b"SIP/2.0 200 OK\r\n" + datagram) is None


def test_the_200_is_in_the_phones_own_transaction() -> None:
    ok, _ = told(understood())

    assert (ok.status, ok.cseq) == (200, (1, "SUBSCRIBE"))
    assert ok.call_id == "1930770594@192.0.2.90"
    assert (ok.tag("From"), ok.tag("To")) == ("658512961", "our")
    assert ok.header("Expires") == "0"
    assert ok.header("Contact") == "<sip:192.0.2.10:40000>"


def test_the_200_says_where_the_request_came_from() -> None:
    ok, _ = told(understood(("192.0.2.90:5060;rport", "10.0.0.1:5060;rport;branch=z")))

    seen = sip.parameters(ok.header("Via"))
    assert (seen["received"], seen["rport"], seen["branch"]) == (*map(str, PHONE), "z")


def test_the_200_keeps_the_way_back() -> None:
    ok, _ = told(understood((";rport", ";rport, SIP/2.0/UDP 192.0.2.91;branch=z9")))

    assert ok.all("Via")[1] == "SIP/2.0/UDP 192.0.2.91;branch=z9"


def test_a_phone_without_rport_is_answered_at_its_own_port() -> None:
    request = understood((";rport", ""), ("192.0.2.90:5060\nFrom", "192.0.2.90\nFrom"))

    assert request.response_address(("192.0.2.90", 1024)) == PHONE
    assert request.via.received(*PHONE) == "SIP/2.0/UDP 192.0.2.90"


def test_the_notify_is_in_the_dialog_of_the_200() -> None:
    ok, telling = told(understood())

    assert telling.call_id == ok.call_id
    assert telling.header("From") == ok.header("To")
    assert telling.header("To") == ok.header("From")
    assert telling.branch == "z9hG4bKours"


def test_the_notify_tells_the_url_and_ends_the_subscription() -> None:
    _, telling = told(understood())

    assert telling.body.decode() == URL
    assert telling.header("Content-Type") == "application/url"
    assert telling.header("Subscription-State") == "terminated;reason=timeout"
    assert telling.header("Event") == EVENT
    assert telling.uri == "sip:192.0.2.90:5060"


@given(st.text(min_size=1))
def test_the_length_of_the_url_is_that_of_its_bytes(url: str) -> None:
    with contextlib.suppress(UnicodeEncodeError):
        _, telling = told(understood(), url)

        assert telling.body == url.encode()
        assert int(telling.header("Content-Length")) == len(url.encode())


@pytest.mark.parametrize(
    ("contact", "uri", "address"),
    [
        ("<sip:192.0.2.90:1036>", "sip:192.0.2.90:1036", ("192.0.2.90", 1036)),
        ("<sip:192.0.2.90>", "sip:192.0.2.90", PHONE),
        ("<sip:me@192.0.2.90;x=y>", "sip:me@192.0.2.90;x=y", PHONE),
        ("sip:192.0.2.90:1036;q=1", "sip:192.0.2.90:1036", ("192.0.2.90", 1036)),
        ("<sip:192.0.2.91:1036>", "sip:192.0.2.90:5060", PHONE),
        ("<sip:192.0.2.90@192.0.2.91>", "sip:192.0.2.90:5060", PHONE),
        ("<sip:192.0.2.90:0>", "sip:192.0.2.90:5060", PHONE),
        ("<sip:192.0.2.90:99999>", "sip:192.0.2.90:5060", PHONE),
        ("<sip:phone.example>", "sip:192.0.2.90:5060", PHONE),
        ("*", "sip:192.0.2.90:5060", PHONE),
        ("", "sip:192.0.2.90:5060", PHONE),
    ],
)
def test_the_notify_goes_to_the_contact_only_if_that_is_who_asked(
    contact: str, uri: str, address: tuple[str, int]
) -> None:
    request = understood(("Contact: <sip:192.0.2.90:5060>", f"Contact: {contact}"))

    assert request.notify_uri(PHONE) == uri
    assert request.notify_address(PHONE) == address


@pytest.mark.parametrize("forged", ["192.0.2.66:5060;rport", "192.0.2.66:5060"])
def test_the_200_never_goes_to_somebody_else(forged: str) -> None:
    request = understood(
        ("192.0.2.90:5060;rport", f"{forged};maddr=192.0.2.66;received=192.0.2.66")
    )

    assert request.response_address(PHONE) == PHONE


def test_the_phones_answer_is_matched_by_our_branch() -> None:
    _, telling = told(understood())

    answer = telling.response(481, "Unknown").encode()

    assert parse_answer(answer) == Answer("z9hG4bKours", 481)


def test_an_answer_to_something_else_is_none_of_ours() -> None:
    ok, _ = told(understood())

    assert parse_answer(ok.encode()) is None


def test_a_phones_repeated_request_is_the_same_one() -> None:
    assert understood().transaction == understood().transaction
    assert understood().transaction != understood(("CSeq: 1", "CSeq: 2")).transaction
