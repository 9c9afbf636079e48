"""Tests without network or database, beyond a socket on 127.0.0.1."""
