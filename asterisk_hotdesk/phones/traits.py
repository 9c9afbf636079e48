"""What each model can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from asterisk_hotdesk.model import KeyKind, PhoneKind

CALL_LISTS_STAY = (
    "its lists of missed, received and dialled calls stay when the user changes:"
    " no setting of this vendor's empties them"
)


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a model can do."""

    function_keys: int
    """How many we set, used or not: a phone keeps what a file does not name."""
    keys_on_page: int = 0
    """How many of them are on one page, where a vendor counts by page; else 0."""
    key_kinds: frozenset[KeyKind] = frozenset(KeyKind)
    """What its keys can do, as far as we know how to say it."""
    has_menu: bool = False
    """Whether its screen can show the pages of `PhoneSettings.menu_url`."""
    takes_xml_push: bool = False
    """Whether it shows a page that comes by SIP NOTIFY."""
    refresh_event: str = "check-sync;reboot=false"
    """The SIP event that makes it fetch its files again without a restart."""
    warnings: tuple[str, ...] = (CALL_LISTS_STAY,)
    """What administrators should know, as sentences without a subject."""


_BASIC = frozenset({KeyKind.BLF, KeyKind.SPEED_DIAL, KeyKind.NONE})
_MORE = _BASIC | {KeyKind.LINE, KeyKind.DTMF, KeyKind.TRANSFER}

# The numbers of keys here are those of the smallest models.
_OF_VENDOR = {
    "snom": Traits(function_keys=4, has_menu=True, takes_xml_push=True),
    "gigaset": Traits(function_keys=4, has_menu=True, takes_xml_push=True),
    "yealink": Traits(function_keys=2, has_menu=True, takes_xml_push=True),
    "fanvil": Traits(
        function_keys=6,
        keys_on_page=6,
        key_kinds=_MORE | {KeyKind.URL, KeyKind.DND},
        refresh_event="check-sync",
    ),
    "grandstream": Traits(
        function_keys=1,
        key_kinds=_MORE | {KeyKind.PARK},
        refresh_event="resync",
    ),
    "poly": Traits(function_keys=1, key_kinds=_BASIC, refresh_event="check-sync"),
}

# Without key modules.  From Tancredi's scopes and, for Yealink, Grandstream and Poly,
# wazo-provd-plugins; where the phone's first key is its line, that one is not counted.
_KEYS: dict[str, Mapping[str, int]] = {
    "snom": {
        "300": 6,
        "320": 12,
        "360": 12,
        "370": 12,
        "710": 5,
        "715": 5,
        "720": 18,
        "725": 18,
        "D120": 2,
        "D305": 5,
        "D315": 5,
        "D345": 48,
        "D375": 12,
        "D385": 48,
        "D712": 5,
        "D713": 4,
        "D715": 5,
        "D717": 3,
        "D725": 18,
        "D735": 32,
        "D765": 16,
        "D785": 24,
        "D812": 28,
        "D815": 36,
        "D862": 28,
        "D865": 36,
    },
    "gigaset": {"P710": 4, "P810": 4, "P820": 28, "P825": 28, "P850": 36, "P855": 36},
    "yealink": {
        "T27": 21,
        "T31": 2,
        "T33": 12,
        "T34": 12,
        "T41": 15,
        "T42": 15,
        "T43": 15,
        "T44": 24,
        "T46": 27,
        "T48": 29,
        "T53": 21,
        "T54": 27,
        "T57": 29,
        "T58": 27,
    },
    "fanvil": {"X210": 32, "X4U": 30, "X5U": 30, "X6U": 60},
    "grandstream": {
        "GRP2612": 15,
        "GRP2613": 23,
        "GRP2614": 15,
        "GRP2615": 39,
        "GRP2616": 15,
        "GXP2135": 31,
    },
    "poly": {
        "VVX250": 3,
        "VVX3": 5,
        "VVX4": 11,
        "VVX5": 11,
        "VVX6": 15,
        "VVX1500": 5,
    },
}
_KEYS_ON_PAGE = {"X210": 32, "X6U": 12}


def traits(kind: PhoneKind) -> Traits:
    """Return what phones of *kind* can do.

    Of a model that we do not know, as much as the vendor's smallest; of a vendor that
    we do not know, what snom's can.
    """
    vendor = kind.vendor if kind.vendor in _OF_VENDOR else "snom"
    least = _OF_VENDOR[vendor]
    known = _longest_prefix(kind.model, _KEYS[vendor])
    if known is None:
        unknown = (
            "how many function keys it has is not known:"
            f" {least.function_keys} are used"
        )
        return replace(least, warnings=(*least.warnings, unknown))
    return replace(
        least,
        function_keys=_KEYS[vendor][known],
        keys_on_page=_KEYS_ON_PAGE.get(known, least.keys_on_page),
    )


def _longest_prefix(model: str, known: Mapping[str, int]) -> str | None:
    """Return the longest of *known* with which *model* begins: `T54W` is a `T54`."""
    prefixes = [name for name in known if model.startswith(name)]
    return max(prefixes, key=len, default=None)
