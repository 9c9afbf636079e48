"""The HTTP API for programs: the same as the pages, in JSON, with a token."""
