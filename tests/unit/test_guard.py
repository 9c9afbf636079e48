"""Who may ask for configurations, and what guessing costs."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.web.guard import MINUTE_SECONDS, MOST_ADDRESSES, Guard

PHONE = "192.0.2.7"


class Clock:
    """A clock that a test winds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def guard(clock: Clock | None = None) -> Guard:
    return Guard(
        ("192.0.2.0/24", "2001:db8::/32", "fe80::/10"),
        misses_per_minute=3,
        sweep_macs=2,
        clock=clock or Clock(),
    )


@pytest.mark.parametrize(
    "address", [PHONE, "2001:db8::1", "::ffff:192.0.2.7", "fe80::1%eth0"]
)
def test_phones_of_an_allowed_network_are_served(address: str) -> None:
    assert guard().allows(address)


@pytest.mark.parametrize(
    "address", ["198.51.100.1", "2001:db9::1", "::ffff:198.51.100.1", "", "phone"]
)
def test_others_are_not(address: str) -> None:
    assert not guard().allows(address)


def test_an_address_with_too_many_misses_is_not_trusted_for_a_minute() -> None:
    clock = Clock()
    ours = guard(clock)

    for _ in range(3):
        assert ours.trusts(PHONE)
        ours.missed(PHONE, "000413000001")

    assert not ours.trusts(PHONE)
    assert ours.trusts("192.0.2.8")
    clock.seconds = MINUTE_SECONDS
    assert ours.trusts(PHONE)


def test_one_ipv6_network_is_one_guesser() -> None:
    ours = guard()

    for n in range(3):
        ours.missed(f"2001:db8::{n + 1}", "000413000001")

    assert not ours.trusts("2001:db8::ffff:0:0:9")
    assert ours.trusts("2001:db8:0:1::1")


def test_a_sweep_is_reported_once_a_minute() -> None:
    clock = Clock()
    ours = guard(clock)
    macs = [f"00041300000{n}" for n in range(4)]

    assert [ours.missed(PHONE, mac) for mac in macs] == [False, True, False, False]
    clock.seconds = MINUTE_SECONDS
    assert [ours.missed(PHONE, mac) for mac in macs[:2]] == [False, True]


def test_a_phone_that_asks_again_and_again_is_no_sweep() -> None:
    ours = guard()

    assert not any(ours.missed(PHONE, "000413000001") for _ in range(9))


def test_all_the_world_may_guess_in_bounded_memory() -> None:
    ours = guard()

    for n in range(MOST_ADDRESSES + 5):
        ours.missed(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "000413000001")

    assert len(ours._misses) == MOST_ADDRESSES
