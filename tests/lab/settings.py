"""What the settings files of all vendors have in common."""


class BadSettings(Exception):
    """A settings file that a phone would not obey in full; names the culprit."""
