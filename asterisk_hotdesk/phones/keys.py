"""Which function key is where: ours first, then the user's, as many as fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from asterisk_hotdesk.model import DeviceOptions, KeyKind, UserKey


class Key(NamedTuple):
    """What pressing a key does, and what is written beside it."""

    kind: KeyKind
    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class PlacedKey:
    """A key at its place on the phone."""

    slot: int
    """From 1."""
    kind: KeyKind
    value: str
    label: str
    user_key: UserKey | None
    """What the user asked for; None: this is the hot-desk key."""


@dataclass(frozen=True)
class KeyPlan:
    """All keys of a phone, and those for which it has no place."""

    placed: tuple[PlacedKey | None, ...]
    """By slot, the first one being slot 1; None: nothing there."""
    dropped: tuple[UserKey, ...]
    """By position."""


class _Wish(NamedTuple):
    """A user's key and the slot that it would have on a phone with enough of them."""

    slot: int
    key: UserKey


def plan(
    keys: Sequence[UserKey],
    options: DeviceOptions,
    slots: int,
    hot_desk: Key | None,
    *,
    possible: Collection[KeyKind] = frozenset(KeyKind),
) -> KeyPlan:
    """Return where each of *keys*, no two at one position, is on a phone.

    The hot-desk key is where the options say, at the last slot if there are fewer.
    The user's keys from there on move one further, or with `keep_key_positions` stay,
    the one that is in the way apart.  Where slots are too few, the keys with the
    lowest priority numbers stay, in the order of their positions, and move forward
    only as far as they must.  Keys of a kind that is not *possible* get no place.
    """
    ours = min(options.hot_desk_key, slots) if hot_desk else 0
    can_be = [key for key in keys if key.kind in possible]
    wishes = _wishes(can_be, ours, keep=options.keep_key_positions)
    room = slots - 1 if ours else slots
    most_important = sorted(wishes, key=lambda wish: (wish.key.priority, wish.slot))
    staying = sorted(most_important[:room])

    placed: dict[int, PlacedKey] = {}
    if hot_desk and ours:
        placed[ours] = PlacedKey(slot=ours, user_key=None, **hot_desk._asdict())
    last_free = slots
    for wish in reversed(staying):
        slot = min(wish.slot, last_free)
        if slot == ours:
            slot -= 1
        placed[slot] = PlacedKey(
            slot=slot,
            kind=wish.key.kind,
            value=wish.key.value,
            label=wish.key.label,
            user_key=wish.key,
        )
        last_free = slot - 1

    stay = {wish.key.position for wish in staying}
    return KeyPlan(
        placed=tuple(placed.get(slot) for slot in range(1, slots + 1)),
        dropped=tuple(
            key
            for key in sorted(keys, key=lambda key: key.position)
            if key.position not in stay
        ),
    )


def _wishes(keys: Sequence[UserKey], ours: int, *, keep: bool) -> list[_Wish]:
    if keep:
        return [_Wish(key.position, key) for key in keys if key.position != ours]
    return [
        _Wish(key.position + 1 if 0 < ours <= key.position else key.position, key)
        for key in keys
    ]
