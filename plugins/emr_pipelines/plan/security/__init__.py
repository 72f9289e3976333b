"""The room of the security rules over a plan."""
