"""A job that no test runs."""
