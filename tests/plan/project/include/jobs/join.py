"""A job of the tests; never run."""
