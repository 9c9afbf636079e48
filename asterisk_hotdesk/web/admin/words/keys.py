"""What the editor of function keys says."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "keys_title": Text("Function keys", "Funktionstasten"),
    "keys_explained": Text(
        "{who} finds these keys on every phone. Where a phone has too few, those with"
        " the lowest priority number stay.",
        "{who} findet diese Tasten auf jedem Telefon. Hat eines zu wenige, bleiben die"
        " mit der kleinsten Vorrangzahl.",
    ),
    "keys_caption": Text("Keys by position", "Tasten nach Position"),
    "key_position": Text("Position", "Position"),
    "key_kind": Text("Kind", "Art"),
    "key_value": Text("Number or address", "Nummer oder Adresse"),
    "key_label": Text("Label", "Beschriftung"),
    "key_priority": Text("Priority", "Vorrang"),
    "key_actions": Text("Actions", "Aktionen"),
    "key_row": Text("{column} of key {position}", "{column} von Taste {position}"),
    "key_new": Text("{column} of a new key", "{column} einer neuen Taste"),
    "key_up": Text("Move key {position} up", "Taste {position} nach oben"),
    "key_down": Text("Move key {position} down", "Taste {position} nach unten"),
    "key_remove": Text("Remove key {position}", "Taste {position} entfernen"),
    "keys_save": Text("Save keys", "Tasten speichern"),
    "keys_none": Text("No keys yet.", "Noch keine Tasten."),
    "said_keys_saved": Text(
        "The keys of {who} are saved.", "Die Tasten von {who} sind gespeichert."
    ),
    "key_twice": Text(
        "Position {position} is given twice.", "Position {position} ist doppelt."
    ),
    "kind_blf": Text("Lamp of an extension", "Besetztlampe"),
    "kind_speed": Text("Speed dial", "Kurzwahl"),
    "kind_line": Text("Line", "Leitung"),
    "kind_url": Text("Web address", "Web-Adresse"),
    "kind_dtmf": Text("Tones during a call", "Töne im Gespräch"),
    "kind_park": Text("Park a call", "Gespräch parken"),
    "kind_dnd": Text("Do not disturb", "Nicht stören"),
    "kind_forward": Text("Forward calls", "Umleiten"),
    "kind_transfer": Text("Transfer", "Verbinden"),
    "kind_directory": Text("Directory", "Telefonbuch"),
    "kind_none": Text("Empty", "Leer"),
}
