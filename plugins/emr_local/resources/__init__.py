"""EMR's own things as data: clusters and steps, their identifiers, releases, classifications."""
