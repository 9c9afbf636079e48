"""What the list of desks says, and the forms to log people in and out."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "desks_title": Text("Desks", "Plätze"),
    "desks_caption": Text(
        "Devices, who sits there, and whether the PBX and the phone have followed",
        "Geräte, wer dort sitzt, und ob Telefonanlage und Telefon gefolgt sind",
    ),
    "column_device": Text("Device", "Gerät"),
    "column_user": Text("Who", "Wer"),
    "column_since": Text("Since", "Seit"),
    "column_pbx": Text("PBX", "Anlage"),
    "column_phone": Text("Phone", "Telefon"),
    "column_contact": Text("Registration", "Registrierung"),
    "column_location": Text("Location", "Standort"),
    "column_actions": Text("Actions", "Aktionen"),
    "sort_by": Text("Sort by {column}", "Nach {column} sortieren"),
    "filters": Text("Which desks", "Welche Plätze"),
    "filter_all": Text("All", "Alle"),
    "filter_used": Text("In use", "Belegt"),
    "filter_idle": Text("Idle", "Frei"),
    "filter_stale": Text("Stale", "Veraltet"),
    "filter_unreachable": Text("Unreachable", "Nicht erreichbar"),
    "search_desks": Text(
        "Device, extension, name, location or address",
        "Gerät, Durchwahl, Name, Standort oder Adresse",
    ),
    "pages": Text("Pages", "Seiten"),
    "page_of": Text("Page {page} of {pages}", "Seite {page} von {pages}"),
    "previous": Text("Previous", "Vorige"),
    "next": Text("Next", "Nächste"),
    "no_desks": Text(
        "There are no devices yet. Add some with: hotdesk device add",
        "Es gibt noch keine Geräte. Fügen Sie welche hinzu mit: hotdesk device add",
    ),
    "no_desks_found": Text("No desk is like that.", "Kein Platz passt dazu."),
    "pbx_away": Text(
        "Asterisk does not answer (since {since}): nobody knows what the phones do."
        " Logins and logouts are in force when it is back.",
        "Asterisk antwortet nicht (seit {since}): Niemand weiß, was die Telefone tun."
        " An- und Abmeldungen sind in Kraft, sobald es wieder da ist.",
    ),
    "nobody": Text("nobody", "niemand"),
    "disabled": Text("disabled", "gesperrt"),
    "emergency_call": Text("Emergency call", "Notruf"),
    "pbx_in_force": Text("in force", "in Kraft"),
    "pbx_pending": Text("pending", "ausstehend"),
    "phone_confirmed": Text("confirmed", "bestätigt"),
    "phone_waiting": Text("waiting", "wartet"),
    "phone_stale": Text("stale", "veraltet"),
    "phone_restarts": Text("restarts", "startet neu"),
    "contact_unknown": Text("unknown", "unbekannt"),
    "contact_gone": Text("not registered", "nicht registriert"),
    "contact_unreachable": Text("unreachable", "nicht erreichbar"),
    "contact_in_call": Text("in call", "im Gespräch"),
    "contact_registered": Text("registered", "registriert"),
    "log_in_here": Text("Log in …", "Anmelden …"),
    "log_in_at": Text("Log somebody in at {device}", "Jemanden an {device} anmelden"),
    "log_out_here": Text("Log out …", "Abmelden …"),
    "log_out_who": Text("Log {who} out at {device}", "{who} an {device} abmelden"),
    "logout_title": Text("Log {who} out?", "{who} abmelden?"),
    "logout_explained": Text(
        "{device} becomes idle at once: calls to {extension} no longer ring there.",
        "{device} wird sofort frei: Anrufe an {extension} klingeln dort nicht mehr.",
    ),
    "logout_in_call": Text(
        "There is a call on this phone. It goes on.",
        "An diesem Telefon wird gerade gesprochen. Das Gespräch läuft weiter.",
    ),
    "logout_confirm": Text("Log out", "Abmelden"),
    "login_at_title": Text(
        "Who is to sit at {device}?", "Wer soll an {device} sitzen?"
    ),
    "login_user_search": Text("Extension or name", "Durchwahl oder Name"),
    "login_no_users": Text("Nobody is like that.", "Niemand passt dazu."),
    "login_more_users": Text(
        "There are more. Please be more precise.",
        "Es gibt noch mehr. Bitte genauer suchen.",
    ),
    "login_sits_at": Text("sits at {device}", "sitzt an {device}"),
    "login_not_allowed": Text("may not use hot desks", "darf Hot Desks nicht benutzen"),
    "login_choose": Text("Choose {who}", "{who} wählen"),
    "login_title_who": Text("Log {who} in at {device}?", "{who} an {device} anmelden?"),
    "login_explained": Text(
        "No PIN is asked. {device} becomes {who}'s phone at once.",
        "Es wird keine PIN verlangt. {device} wird sofort das Telefon von {who}.",
    ),
    "login_replaces": Text(
        "{other} sits there now and is logged out.",
        "{other} sitzt jetzt dort und wird abgemeldet.",
    ),
    "login_moves": Text(
        "{who} leaves {device} for it.", "{who} verlässt dafür {device}."
    ),
    "login_confirm": Text("Log in", "Anmelden"),
    "said_logged_out": Text(
        "{who} is logged out at {device}.", "{who} ist an {device} abgemeldet."
    ),
    "said_logged_in": Text(
        "{who} is logged in at {device}.", "{who} ist an {device} angemeldet."
    ),
    "said_pending": Text(
        "The PBX has not followed yet: in force when Asterisk is back.",
        "Die Telefonanlage ist noch nicht gefolgt: in Kraft, sobald Asterisk wieder da"
        " ist.",
    ),
    "now_idle": Text("{device} is idle now.", "{device} ist jetzt frei."),
    "now_used": Text("Now {who} sits at {device}.", "Jetzt sitzt {who} an {device}."),
    "live_one": Text("{device}: {who}", "{device}: {who}"),
    "live_many": Text(
        "{count} desks have changed.", "{count} Plätze haben sich geändert."
    ),
}
