"""AGI: scripts that Asterisk starts for a call, with or without our service."""
