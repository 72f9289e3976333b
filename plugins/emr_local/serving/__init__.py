"""The server as a whole: put together, started and stopped."""
