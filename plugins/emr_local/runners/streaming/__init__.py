"""Hadoop Streaming on Spark: the command line, the job on a warm JVM, its tasks. Decides no EMR state."""
