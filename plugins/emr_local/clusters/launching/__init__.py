"""How clusters come up: bootstrap actions, and what makes a launch fail or wait."""
