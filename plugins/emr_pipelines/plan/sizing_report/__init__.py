"""What the executors of a plan make of its nodes. Pure."""
