"""What faults are, how they are written, and which of them are set."""
