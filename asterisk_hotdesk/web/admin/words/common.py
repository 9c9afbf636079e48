"""What every page says."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "product": Text("Hot desks", "Hot Desks"),
    "skip_to_content": Text("Skip to content", "Zum Inhalt"),
    "main_menu": Text("Main menu", "Hauptmenü"),
    "menu_desks": Text("Desks", "Plätze"),
    "log_out": Text("Log out", "Abmelden"),
    "role_viewer": Text("Viewer", "Lesen"),
    "role_operator": Text("Operator", "Bedienen"),
    "role_admin": Text("Administrator", "Verwalten"),
    "cancel": Text("Cancel", "Abbrechen"),
    "back": Text("Back", "Zurück"),
    "search": Text("Search", "Suchen"),
    "not_connected": Text(
        "Not connected: what you see may be old. Trying again …",
        "Keine Verbindung: Die Anzeige kann veraltet sein. Neuer Versuch …",
    ),
    "connected": Text("Live", "Live"),
    "connected_again": Text("Connected again.", "Wieder verbunden."),
    "error_title": Text("That did not work", "Das ging nicht"),
    "error_404": Text("There is no such page.", "Diese Seite gibt es nicht."),
    "error_403": Text(
        "Your role does not allow this.", "Ihre Rolle erlaubt das nicht."
    ),
    "error_form": Text(
        "This form came from elsewhere or is too old. Nothing was changed. Open the"
        " page again at {url} and repeat what you did.",
        "Dieses Formular kam von anderswo oder ist zu alt. Nichts wurde geändert."
        " Öffnen Sie die Seite neu unter {url} und wiederholen Sie den Vorgang.",
    ),
    "error_413": Text("That was too much at once.", "Das war zu viel auf einmal."),
    "error_503": Text(
        "The database does not answer. Please try again in a moment.",
        "Die Datenbank antwortet nicht. Bitte gleich noch einmal versuchen.",
    ),
    "error_500": Text(
        "That was a mistake of ours; the log of the service says more.",
        "Das war unser Fehler; mehr steht im Protokoll des Dienstes.",
    ),
    "error_other": Text(
        "This request cannot be understood.",
        "Diese Anfrage ist nicht zu verstehen.",
    ),
    "to_first_page": Text("To the list of desks", "Zur Liste der Plätze"),
}
