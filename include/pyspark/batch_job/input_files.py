"""Which files of an input hold data, and which only lie beside it. Listings through Spark's Hadoop, no content."""

import re
from dataclasses import dataclass

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import DataStreamReader

from batch_job.hadoop_files import list_data_files

# What people put beside their data; read by Python and by Java.
_DOCUMENT = (
    r"(?i)(?:\.(?:md|markdown|rst|html?|pdf|docx?|odt|rtf|png|jpe?g|gif|svg|ipynb|py|sh|sql|ya?ml|log|crc|md5|sha1|sha256)"
    r"|/(?:readme|licen[cs]e|notice|changelog|copying|authors|thumbs\.db|desktop\.ini)(?:\.txt)?)$"
)
_GLOB_SIGN = re.compile(r"([\\*?\[\]{}])")


@dataclass(frozen=True, kw_only=True, slots=True)
class InputFiles:
    """The files below an address: those of data, and the documents beside them, such as a README.md."""

    data: tuple[str, ...]
    documents: tuple[str, ...]


def list_input_files(spark: SparkSession, uri: str) -> InputFiles:
    """List the files in or below ``uri``, sorted; a document that ``uri`` itself names is data."""
    files = sorted(list_data_files(spark, uri))
    documents = () if is_document(uri) else tuple(file for file in files if is_document(file))
    return InputFiles(data=tuple(file for file in files if file not in set(documents)), documents=documents)


def is_document(uri: str) -> bool:
    """Tell whether a file of this name is something to read for people, not data."""
    return re.search(_DOCUMENT, f"/{uri}") is not None


def read_text_lines(reader: DataFrameReader | DataStreamReader, uri: str) -> DataFrame:
    """The lines, as ``value``, of all files in or below ``uri`` but the documents; in batches and in streams alike."""
    lines = reader.option("recursiveFileLookup", "true").text(uri)
    if is_document(uri):
        return lines
    return lines.where(~F.col("_metadata.file_path").rlike(_DOCUMENT))


def without_globs(uri: str) -> str:
    """The address of one file, written so that Spark takes no sign in it for a pattern."""
    return _GLOB_SIGN.sub(r"\\\1", uri)
