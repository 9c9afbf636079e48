"""What the page of one device says."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "device_now": Text("Now", "Jetzt"),
    "device_facts": Text("Facts", "Angaben"),
    "device_switches": Text("Last switches", "Letzte Wechsel"),
    "device_who": Text("Who", "Wer"),
    "device_mac": Text("MAC address", "MAC-Adresse"),
    "device_phone": Text("Phone", "Telefon"),
    "device_location": Text("Location", "Standort"),
    "device_account": Text("Account", "Konto"),
    "device_emergency_number": Text(
        "Number of emergency calls", "Rufnummer bei Notrufen"
    ),
    "device_registered": Text("Registered since", "Registriert seit"),
    "device_address": Text("Address", "Adresse"),
    "device_user_agent": Text("User agent", "User-Agent"),
    "device_round_trip": Text("Round-trip time", "Umlaufzeit"),
    "device_fetched": Text("Last fetched", "Zuletzt geholt"),
    "device_booted": Text("Last started", "Zuletzt gestartet"),
    "device_last_call": Text("Last call", "Letztes Gespräch"),
    "enable": Text("Enable", "Freigeben"),
    "disable": Text("Disable …", "Sperren …"),
    "disable_title": Text("Disable {device}?", "{device} sperren?"),
    "disable_explained": Text(
        "Nobody can log in there, and its phone gets no configuration, until it is"
        " enabled again. Emergency calls go out all the same.",
        "Niemand kann sich dort anmelden, und das Telefon bekommt keine Konfiguration,"
        " bis es wieder freigegeben ist. Notrufe gehen trotzdem hinaus.",
    ),
    "disable_logs_out": Text(
        "{who} sits there and is logged out.",
        "{who} sitzt dort und wird abgemeldet.",
    ),
    "disable_confirm": Text("Disable", "Sperren"),
    "said_enabled": Text("{device} is enabled.", "{device} ist freigegeben."),
    "said_disabled": Text("{device} is disabled.", "{device} ist gesperrt."),
    "switches_explained": Text(
        "How long after the decision each step was done, on a scale where every line is"
        " ten times the one before.",
        "Wie lange nach der Entscheidung jeder Schritt getan war; jede Linie steht für"
        " das Zehnfache der vorigen.",
    ),
    "switches_caption": Text(
        "Switches, the newest first, and the time until each step",
        "Wechsel, der neueste zuerst, und die Zeit bis zu jedem Schritt",
    ),
    "no_switches": Text(
        "Nobody has ever sat there.", "Dort hat noch nie jemand gesessen."
    ),
    "switch_decided": Text("Decided", "Entschieden"),
    "switch_who": Text("For", "Für"),
    "switch_routed": Text("Routed", "Geschaltet"),
    "switch_refreshed": Text("Refreshed", "Benachrichtigt"),
    "switch_confirmed": Text("Confirmed", "Bestätigt"),
    "switch_idle": Text("nobody (idle)", "niemanden (frei)"),
    "switch_not_yet": Text("not yet", "noch nicht"),
    "switch_overtaken": Text("never", "nie"),
    "switch_restarted": Text("the phone restarted", "das Telefon startete neu"),
    "switch_said": Text(
        "Calls follow after {routed}, the phone is told after {refreshed} and has"
        " fetched after {confirmed}.",
        "Anrufe folgen nach {routed}, das Telefon erfährt es nach {refreshed} und hat"
        " nach {confirmed} geholt.",
    ),
}
