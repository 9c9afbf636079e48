"""What the list of users says, and the page of one user."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "menu_users": Text("Users", "Personen"),
    "users_title": Text("Users", "Personen"),
    "users_caption": Text(
        "Users, whether they may log in, and where they sit",
        "Personen, ob sie sich anmelden dürfen und wo sie sitzen",
    ),
    "search_users": Text("Extension, name or device", "Durchwahl, Name oder Gerät"),
    "user_filters": Text("Which users", "Welche Personen"),
    "users_all": Text("All", "Alle"),
    "users_sitting": Text("Logged in", "Angemeldet"),
    "users_allowed": Text("May log in", "Dürfen"),
    "users_denied": Text("May not", "Dürfen nicht"),
    "column_extension": Text("Extension", "Durchwahl"),
    "column_name": Text("Name", "Name"),
    "column_account": Text("Account", "Konto"),
    "column_permission": Text("Hot desks", "Hot Desks"),
    "column_login_method": Text("Logs in with", "Anmeldung mit"),
    "column_where": Text("Where", "Wo"),
    "column_choose": Text("Choose", "Auswählen"),
    "no_users": Text(
        "There are no users yet. Add some with: hotdesk user add",
        "Es gibt noch keine Personen. Fügen Sie welche hinzu mit: hotdesk user add",
    ),
    "no_users_found": Text("Nobody is like that.", "Niemand passt dazu."),
    "nowhere": Text("nowhere", "nirgends"),
    "method_pin": Text("PIN", "PIN"),
    "method_no_pin": Text("no PIN yet", "noch keine PIN"),
    "method_voicemail": Text("mailbox PIN", "PIN des Postfachs"),
    "method_no_mailbox": Text("no mailbox", "kein Postfach"),
    "method_none": Text("not by phone", "nicht am Telefon"),
    "choose_user": Text("Choose {who}", "{who} auswählen"),
    "choose_all": Text("Choose all on this page", "Alle auf dieser Seite auswählen"),
    "choose_found": Text(
        "All {count} that are found, on every page",
        "Alle {count} gefundenen, auf jeder Seite",
    ),
    "allow_chosen": Text("Allow hot desks", "Hot Desks erlauben"),
    "deny_chosen": Text("Forbid hot desks", "Hot Desks verbieten"),
    "for_chosen": Text("For those who are chosen:", "Für die Ausgewählten:"),
    "may_log_in": Text(
        "{who} may log in at hot desks", "{who} darf sich an Hot Desks anmelden"
    ),
    "allowed_yes": Text("allowed", "erlaubt"),
    "allowed_no": Text("forbidden", "verboten"),
    "said_allowed": Text(
        "{who} may log in at hot desks.", "Anmelden an Hot Desks ist erlaubt: {who}."
    ),
    "said_denied": Text(
        "{who} may not log in at hot desks.",
        "Anmelden an Hot Desks ist verboten: {who}.",
    ),
    "said_still_sitting": Text(
        "Still logged in, until somebody logs them out: {sitting}.",
        "Noch angemeldet, bis jemand sie abmeldet: {sitting}.",
    ),
    "said_nobody_chosen": Text(
        "Nobody was chosen, so nothing was changed.",
        "Niemand war ausgewählt; es wurde nichts geändert.",
    ),
    "said_others_found": Text(
        "The search finds others than when you looked, so nothing was changed. Please"
        " look again.",
        "Die Suche findet jetzt andere Personen als vorhin; es wurde nichts geändert."
        " Bitte sehen Sie noch einmal nach.",
    ),
    "counted_users": Text("{count} users", "{count} Personen"),
    # One user
    "user_facts": Text("Facts", "Angaben"),
    "user_sits_at": Text("Sits at", "Sitzt an"),
    "user_since": Text("since {time}", "seit {time}"),
    "user_context": Text("Context", "Kontext"),
    "user_mailbox": Text("Mailbox", "Postfach"),
    "user_pin_set": Text("PIN set", "PIN gesetzt"),
    "user_wrong_pins": Text("Wrong PINs in a row", "Falsche PINs in Folge"),
    "user_locked_until": Text("Locked until {time}", "Gesperrt bis {time}"),
    "user_locked_hard": Text(
        "Locked until somebody unlocks", "Gesperrt, bis jemand entsperrt"
    ),
    "unlock": Text("Unlock", "Entsperren"),
    "unlock_explained": Text(
        "Forgets the wrong PINs, so that {who} can try again.",
        "Vergisst die falschen PINs, damit {who} es noch einmal versuchen kann.",
    ),
    "said_unlocked": Text(
        "{who} may try again; wrong PINs forgotten: {count}.",
        "{who} kann es wieder versuchen; vergessene falsche PINs: {count}.",
    ),
    "edit_user": Text("Change", "Ändern"),
    "user_language": Text("Language on phones", "Sprache auf Telefonen"),
    "user_language_hint": Text(
        "Such as en or de_CH; empty: that of the device.",
        "Zum Beispiel en oder de_CH; leer: die des Geräts.",
    ),
    "user_ringtone": Text("Ringtone", "Klingelton"),
    "ringtone_of_phone": Text("The phone's own", "Der des Telefons"),
    "user_treatment": Text(
        "What callers get while {who} sits nowhere",
        "Was Anrufende bekommen, solange {who} nirgends sitzt",
    ),
    "user_treatment_hint": Text(
        "unavailable, busy, voicemail:BOX@CONTEXT, number:DIGITS or extension:DIGITS",
        "unavailable, busy, voicemail:BOX@CONTEXT, number:ZIFFERN oder"
        " extension:ZIFFERN",
    ),
    "user_may_log_others_out": Text(
        "May log others out by phone", "Darf andere am Telefon abmelden"
    ),
    "user_may_log_others_out_hint": Text(
        "With the own PIN, from the desk where {who} sits.",
        "Mit der eigenen PIN, von dem Platz aus, an dem {who} sitzt.",
    ),
    "yes": Text("yes", "ja"),
    "no": Text("no", "nein"),
    "said_user_changed": Text("{who} is changed.", "{who} ist geändert."),
}
