"""How each vendor calls the codecs that Asterisk has names for."""

from __future__ import annotations

from collections.abc import Sequence

USUAL = ("g722", "alaw", "ulaw", "g729")
"""What a phone offers unless its device says otherwise; the endpoint chooses."""

_SNOM = {
    "alaw": "pcma",
    "g722": "g722",
    "g726": "g726-32",
    "g729": "g729",
    "gsm": "gsm",
    "opus": "opus",
    "ulaw": "pcmu",
}
# As wazo-provd-plugins, FusionPBX and Tancredi write them.
_NAMES = {
    "snom": _SNOM,
    "gigaset": _SNOM,
    "yealink": {
        "alaw": "pcma",
        "g722": "g722",
        "g726": "g726_32",
        "g729": "g729",
        "opus": "opus",
        "ulaw": "pcmu",
    },
    "fanvil": {
        "alaw": "PCMA",
        "g722": "G722",
        "g726": "G726-32",
        "g729": "G729",
        "ilbc": "iLBC",
        "opus": "opus",
        "ulaw": "PCMU",
    },
    "grandstream": {
        "alaw": "PCMA",
        "g722": "G.722",
        "g726": "G.726-32",
        "g729": "G.729A/B",
        "ilbc": "iLBC",
        "opus": "OPUS",
        "ulaw": "PCMU",
    },
    "poly": {
        "alaw": "G711_A",
        "g722": "G722",
        "g729": "G729_AB",
        "ulaw": "G711_Mu",
    },
}


def codec_names(codecs: Sequence[str], vendor: str) -> tuple[str, ...]:
    """Return Asterisk's *codecs* as *vendor* calls them, the best first.

    Those that the vendor has no name for are left out; if that is all of them, or
    there are none, the usual ones are returned.
    """
    names = _NAMES[vendor]
    known = tuple(names[codec] for codec in codecs if codec in names)
    return known or tuple(names[codec] for codec in USUAL)


def other_codecs(chosen: Sequence[str], vendor: str) -> tuple[str, ...]:
    """Return the codecs of *vendor* that are not among the *chosen*, to switch off."""
    return tuple(name for name in _NAMES[vendor].values() if name not in chosen)
