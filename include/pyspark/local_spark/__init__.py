"""Spark on this machine, for tests and for looking at files. No job imports it, so it travels with none."""
