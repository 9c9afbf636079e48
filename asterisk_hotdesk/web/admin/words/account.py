"""What the login and the page about oneself say."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "login_title": Text("Log in", "Anmelden"),
    "login_button": Text("Log in", "Anmelden"),
    "name": Text("Name", "Name"),
    "password": Text("Password", "Passwort"),
    "logged_out_said": Text("You are logged out.", "Sie sind abgemeldet."),
    "session_over": Text("Please log in.", "Bitte melden Sie sich an."),
    "account_title": Text("Your login", "Ihr Zugang"),
    "account_role": Text("Role", "Rolle"),
    "language_label": Text("Language", "Sprache"),
    "language_of_browser": Text("As the browser", "Wie der Browser"),
    "save": Text("Save", "Speichern"),
    "change_password": Text("Change password", "Passwort ändern"),
    "old_password": Text("Old password", "Altes Passwort"),
    "new_password": Text("New password", "Neues Passwort"),
    "new_password_hint": Text(
        "At least 12 characters. Your other browsers are logged out.",
        "Mindestens 12 Zeichen. Ihre anderen Browser werden abgemeldet.",
    ),
    "new_password_again": Text("New password again", "Neues Passwort noch einmal"),
    "passwords_differ": Text(
        "The new passwords are not the same.",
        "Die neuen Passwörter sind nicht gleich.",
    ),
    "password_changed": Text("Your password is changed.", "Ihr Passwort ist geändert."),
    "language_changed": Text("The language is set.", "Die Sprache ist eingestellt."),
}
