"""What the page says of each refusal, by its code."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "already_exists": Text(
        "There is one with this name already.",
        "Es gibt schon eines mit diesem Namen.",
    ),
    "already_logged_in": Text(
        "This user is logged in at another desk, and the rules forbid a second login.",
        "Diese Person ist an einem anderen Platz angemeldet, und die Regeln verbieten"
        " eine zweite Anmeldung.",
    ),
    "conflict": Text(
        "Somebody else has changed this in the meantime. Nothing was done; please look"
        " at how it is now, and decide again.",
        "Jemand anderes hat das inzwischen geändert. Es wurde nichts getan; bitte sehen"
        " Sie nach, wie es jetzt ist, und entscheiden Sie neu.",
    ),
    "in_emergency": Text(
        "An emergency call is on at this desk. Please wait until it has ended.",
        "An diesem Platz läuft ein Notruf. Bitte warten Sie, bis er beendet ist.",
    ),
    "locked_out": Text(
        "Too many wrong attempts. Please try again later.",
        "Zu viele Fehlversuche. Bitte später noch einmal.",
    ),
    "no_location": Text(
        "Nobody has said where this desk is, and the rules want to know.",
        "Für diesen Platz ist kein Standort hinterlegt, und die Regeln verlangen ihn.",
    ),
    "nobody_logged_in": Text("Nobody sits there any more.", "Dort sitzt niemand mehr."),
    "not_a_hot_desk": Text(
        "This device is not a hot desk, or it is disabled.",
        "Dieses Gerät ist kein Hot Desk, oder es ist gesperrt.",
    ),
    "not_allowed": Text(
        "This user may not use hot desks.",
        "Diese Person darf Hot Desks nicht benutzen.",
    ),
    "not_found": Text("It is not there any more.", "Das gibt es nicht mehr."),
    "not_permitted": Text(
        "Your role does not allow this.", "Ihre Rolle erlaubt das nicht."
    ),
    "other_account": Text(
        "User and desk belong to different accounts.",
        "Person und Platz gehören zu verschiedenen Konten.",
    ),
    "weak_password": Text(
        "A password has 12 to 200 characters, and is not your name.",
        "Ein Passwort hat 12 bis 200 Zeichen und ist nicht Ihr Name.",
    ),
    "wrong_password": Text(
        "The name or the password is wrong.",
        "Der Name oder das Passwort ist falsch.",
    ),
}
"""Those that only a telephone can get are missing."""
