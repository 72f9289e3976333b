"""What runs a step on this machine, one module per kind of command."""
