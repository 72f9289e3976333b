"""Spark job that joins city lists on HDFS with measurements on S3 into a table of each city's months."""
