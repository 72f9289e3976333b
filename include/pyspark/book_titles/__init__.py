"""Spark jobs that turn purchased book titles into word clouds, one picture a year."""
