"""A flood of requests from one phone leaves room for the others."""

from __future__ import annotations

from asterisk_hotdesk.pnp.pace import Pace


def pace() -> Pace:
    return Pace(total=5, of_one_address=2)


def test_one_address_has_its_share_and_no_more() -> None:
    admitted = pace()

    assert [admitted.admits("a", 7.0) for _ in range(4)] == [True, True, False, False]
    assert admitted.admits("b", 7.0)


def test_all_together_have_no_more_than_the_total() -> None:
    admitted = pace()

    assert sum(admitted.admits(str(address), 7.0) for address in range(100)) == 5


def test_the_next_second_is_a_new_one() -> None:
    admitted = pace()
    for address in range(100):
        admitted.admits(str(address), 7.9)

    assert admitted.admits("0", 8.0)
