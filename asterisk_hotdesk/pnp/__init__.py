"""SIP PnP: a new phone asks the network who configures it, and we answer."""
