"""What the list of discovered phones says, and the forms to assign them."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "menu_phones": Text("New phones", "Neue Telefone"),
    "phones_title": Text("New phones", "Neue Telefone"),
    "phones_explained": Text(
        "These phones asked for a configuration and are no device yet.",
        "Diese Telefone haben nach einer Konfiguration gefragt und sind noch kein"
        " Gerät.",
    ),
    "phones_caption": Text(
        "Phones that asked, the last one first",
        "Telefone, die gefragt haben, das letzte zuerst",
    ),
    "no_phones": Text(
        "No phone has asked that is no device.",
        "Kein Telefon hat gefragt, das noch kein Gerät ist.",
    ),
    "column_mac": Text("MAC address", "MAC-Adresse"),
    "column_model": Text("Phone", "Telefon"),
    "column_firmware": Text("Firmware", "Firmware"),
    "column_address": Text("Address", "Adresse"),
    "column_asked_by": Text("Asked by", "Fragte über"),
    "column_first_seen": Text("First seen", "Zuerst gesehen"),
    "column_seen": Text("Seen", "Gesehen"),
    "asked_pnp": Text("multicast (PnP)", "Multicast (PnP)"),
    "asked_http": Text("web", "Web"),
    "assign": Text("Assign …", "Zuordnen …"),
    "assign_phone": Text("Assign {mac} to a device", "{mac} einem Gerät zuordnen"),
    "assign_title": Text("Which device is {mac}?", "Welches Gerät ist {mac}?"),
    "assign_search": Text("Device or location", "Gerät oder Standort"),
    "assign_none": Text("No device is like that.", "Kein Gerät passt dazu."),
    "assign_more": Text(
        "There are more. Please be more precise.",
        "Es gibt noch mehr. Bitte genauer suchen.",
    ),
    "assign_has_phone": Text("has the phone {mac}", "hat das Telefon {mac}"),
    "assign_waits": Text("waits for a phone", "wartet auf ein Telefon"),
    "assign_ask": Text("Make {mac} the device {device}?", "{mac} zu {device} machen?"),
    "assign_explained": Text(
        "The phone may fetch its configuration for {minutes} minutes, with a new SIP"
        " secret.",
        "Das Telefon darf {minutes} Minuten lang seine Konfiguration holen, mit einem"
        " neuen SIP-Passwort.",
    ),
    "assign_replaces": Text(
        "The phone {mac} stands there now. It can then neither fetch nor register any"
        " more; whoever sits there stays logged in.",
        "Dort steht jetzt das Telefon {mac}. Es kann danach weder Konfigurationen holen"
        " noch sich registrieren; wer dort sitzt, bleibt angemeldet.",
    ),
    "assign_confirm": Text("Assign", "Zuordnen"),
    "said_assigned": Text("{mac} is {device}.", "{mac} ist {device}."),
    "said_taken": Text(
        "This phone or this device has been assigned in the meantime.",
        "Dieses Telefon oder dieses Gerät wurde inzwischen zugeordnet.",
    ),
}
