"""The configuration of phones; installed as `asterisk_hotdesk.templates`."""
