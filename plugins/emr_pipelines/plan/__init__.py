"""What will happen: frozen data built from a spec. Pure: no I/O, no clock, no environment variables."""
