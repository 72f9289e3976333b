"""Loads what almost every PySpark job needs, so that the first step of a JVM is not the slow one. Run as a job, never imported."""

from __future__ import annotations

import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main() -> None:
    """Read, shuffle, run Python and write once."""
    spark = SparkSession.builder.appName("prime").getOrCreate()
    with tempfile.TemporaryDirectory() as scratch:
        rows = spark.range(8).withColumn("word", F.concat(F.lit("w"), F.col("id") % 3))
        rows.groupBy("word").agg(F.count("*").alias("n")).write.parquet(f"file://{scratch}/counts")
        spark.read.parquet(f"file://{scratch}/counts").orderBy("n").collect()
        rows.write.option("header", value=True).csv(f"file://{scratch}/rows")
        spark.sparkContext.textFile(f"file://{scratch}/rows").map(len).sum()
    spark.stop()


if __name__ == "__main__":
    main()
