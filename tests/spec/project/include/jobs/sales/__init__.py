"""Jobs about sales."""
