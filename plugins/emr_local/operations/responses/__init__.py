"""What the API answers about records. Pure."""
