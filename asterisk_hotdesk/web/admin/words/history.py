"""What the history says: its page, and what happened in words."""

from __future__ import annotations

from asterisk_hotdesk.web.admin.words.text import Text

WORDS = {
    "menu_history": Text("History", "Verlauf"),
    "history_title": Text("History", "Verlauf"),
    "history_caption": Text(
        "What happened, the last first", "Was geschah, das Letzte zuerst"
    ),
    "history_who": Text("Extension or device", "Durchwahl oder Gerät"),
    "history_what": Text("What", "Was"),
    "history_what_all": Text("Everything", "Alles"),
    "history_since": Text("From", "Von"),
    "history_until": Text("To (this day included)", "Bis (einschließlich)"),
    "history_show": Text("Show", "Anzeigen"),
    "history_csv": Text("Download as CSV", "Als CSV herunterladen"),
    "history_older": Text("Older", "Ältere"),
    "history_newest": Text("Newest", "Neueste"),
    "last_events": Text("What happened last", "Was zuletzt geschah"),
    "history_all_of": Text("All of this in the history", "Alles dazu im Verlauf"),
    "no_history": Text("Nothing is recorded of that.", "Dazu ist nichts vermerkt."),
    "column_time": Text("Time", "Zeit"),
    "column_what": Text("What", "Was"),
    "column_by": Text("By", "Durch"),
    "column_from": Text("From", "Von"),
    "by_phone": Text("phone", "Telefon"),
    "by_menu": Text("phone's menu", "Menü des Telefons"),
    "by_command": Text("command", "Kommando"),
    "by_web": Text("web page", "Web-Seite"),
    "by_api": Text("API", "API"),
    "by_ami": Text("AMI", "AMI"),
    "by_rule": Text("rule", "Regel"),
    "by_base_user": Text("base user", "Stammperson"),
    "by_new_phone": Text("new phone", "neues Telefon"),
    "by_service": Text("the service", "der Dienst"),
}
