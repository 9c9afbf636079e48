"""Hot desking for an existing Asterisk PBX."""

__version__ = "0.1.0"
