"""What callers hear."""

from __future__ import annotations

from asterisk_hotdesk.config.values import Sounds, Table


class PromptsConfig(Table):
    """The sounds of each prompt, one after the other; NUMBER is the extension.

    The defaults are from Asterisk's core sounds.  Where the caller's language lacks
    one, Asterisk plays the English one.
    """

    ask_extension: Sounds = ("agent-newlocation",)
    ask_pin: Sounds = ("agent-pass",)
    logged_in: Sounds = ("vm-extension", "NUMBER", "agent-loginok")
    logged_out: Sounds = ("vm-extension", "NUMBER", "agent-loggedoff")
    nobody_logged_in: Sounds = ("beeperr", "agent-loggedoff")
    bad_credentials: Sounds = ("vm-incorrect",)
    locked_out: Sounds = ("confbridge-pin-bad", "please-try-call-later")
    not_a_hot_desk: Sounds = ("im-sorry", "feature-not-avail-line")
    already_logged_in: Sounds = ("vm-extension", "NUMBER", "is-in-use")
    no_location: Sounds = ("im-sorry", "location", "feature-not-avail-line")
    in_emergency: Sounds = ("im-sorry", "is-in-use", "please-try-call-later")
    unavailable: Sounds = (
        "im-sorry",
        "feature-not-avail-line",
        "please-try-call-later",
    )
    goodbye: Sounds = ("vm-goodbye",)
    ask_new_pin: Sounds = ("vm-newpassword",)
    ask_new_pin_again: Sounds = ("vm-reenterpassword",)
    pin_expired: Sounds = ("vm-invalid-password",)
    weak_pin: Sounds = ("vm-invalid-password",)
    pins_differ: Sounds = ("vm-mismatch",)
    pin_changed: Sounds = ("vm-passchanged",)
    pin_of_mailbox: Sounds = ("im-sorry", "feature-not-avail-line")
    may_not_log_others_out: Sounds = ("im-sorry", "feature-not-avail-line")
    menu: Sounds = (
        "vm-onefor",
        "vm-password",
        "vm-press",
        "digits/2",
        "vm-for",
        "agent-loggedoff",
    )
    """1: another PIN; 2: log out, wherever that is."""
