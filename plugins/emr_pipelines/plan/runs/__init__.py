"""What one run is: its values and dates, which it may have, which of the steps it does, and when it is complete. Pure."""
