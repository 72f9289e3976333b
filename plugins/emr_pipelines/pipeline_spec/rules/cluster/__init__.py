"""Rules about clusters: parts, releases, networks, security."""
