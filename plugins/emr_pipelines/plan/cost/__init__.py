"""What a plan costs, from dated price lists. Pure."""
