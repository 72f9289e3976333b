"""What another version of a pipeline changes. Pure."""
