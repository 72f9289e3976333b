"""Published code, verified outputs, stable copies. An S3 client is passed in."""
