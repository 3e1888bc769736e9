"""Hostile bytes at every door: `python -m tests.fuzz --seconds N [target ...]`."""
