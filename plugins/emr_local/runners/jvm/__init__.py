"""JVMs that are ready before a step asks, and the archive with which they start faster."""
