"""What Spark asks YARN for and what the nodes of a cluster have: arithmetic without I/O."""
