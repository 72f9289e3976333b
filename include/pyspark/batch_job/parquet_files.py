"""Parquet files that hold columns of types which Spark does not have: read without these columns, not refused for them."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

_NANOSECONDS = "spark.sql.legacy.parquet.nanosAsLong"
_CONVERTED_BY = (
    _NANOSECONDS,
    "spark.sql.parquet.binaryAsString",
    "spark.sql.parquet.int96AsTimestamp",
    "spark.sql.parquet.inferTimestampNTZ.enabled",
    "spark.sql.caseSensitive",
)
_log = logging.getLogger("batch_job.parquet_files")


def load_parquet(spark: SparkSession, paths: Sequence[str], options: Mapping[str, str], sample: str) -> DataFrame:
    """Read files of one schema, ``sample`` being one of them. Nanoseconds are numbers; columns of other types that Spark lacks are not there."""
    # As pandas writes them. Without this Spark refuses the whole file for such a column, used or not.
    spark.conf.set(_NANOSECONDS, "true")
    try:
        return spark.read.options(**options).parquet(*paths)
    except (AnalysisException, Py4JJavaError) as error:
        if "Illegal Parquet type" not in str(error):
            raise
        schema, left_out = _readable_schema(spark, sample)
        _log.warning("%s holds columns of types that Spark cannot read: %s", sample, ", ".join(left_out))
        return spark.read.options(**options).schema(schema).parquet(*paths)


def _readable_schema(spark: SparkSession, sample: str) -> tuple[StructType, list[str]]:
    """The columns of a file that Spark can read, and the names of the others."""
    # By the reader and the converter that Spark itself uses: pyspark has no Python API for them.
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(sample)
    configuration = spark._jsparkSession.sessionState().newHadoopConf()
    for name in _CONVERTED_BY:
        configuration.set(name, spark.conf.get(name))
    footer = jvm.org.apache.parquet.hadoop.ParquetFileReader.readFooter(configuration, path)
    converter = jvm.org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter(configuration)
    schema, left_out = StructType(), list[str]()
    for field in footer.getFileMetaData().getSchema().getFields():
        alone = jvm.java.util.ArrayList()
        alone.add(field)
        try:
            converted = converter.convert(jvm.org.apache.parquet.schema.MessageType(field.getName(), alone))
        except (AnalysisException, Py4JJavaError):
            left_out.append(field.getName())
        else:
            schema = StructType([*schema.fields, *StructType.fromJson(json.loads(converted.json())).fields])
    return schema, left_out
