"""AGI scripts, for the PBX to run."""
