"""The checks: each looks at the facts only, and says what it finds."""
