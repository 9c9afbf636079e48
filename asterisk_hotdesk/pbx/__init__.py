"""Asterisk as we use it: ARI, AMI, and the files that we generate for it."""
