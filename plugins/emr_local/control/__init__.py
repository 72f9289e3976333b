"""What tests and people do to a running server from outside the EMR API."""
