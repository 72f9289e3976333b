"""A job that no test runs."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("local").master("local[1]").getOrCreate()
