"""What requests ask for: checked as EMR does, and made into records. Pure."""
