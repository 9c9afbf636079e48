"""Templates of the files that we generate for Asterisk."""
