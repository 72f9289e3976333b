"""Single files through Hadoop's FileSystem, so that s3://, hdfs:// and file:// behave alike. Driver only."""

from collections.abc import Iterator
from typing import Any

from pyspark.sql import SparkSession


def path_exists(spark: SparkSession, uri: str) -> bool:
    """Tell whether the path, or at least one path that the glob pattern matches, exists."""
    return bool(_matching(spark, uri))


def is_directory(spark: SparkSession, uri: str) -> bool:
    """Tell whether the path is an existing directory."""
    return any(status.isDirectory() for status in _matching(spark, uri))


def list_data_files(spark: SparkSession, uri: str) -> Iterator[str]:
    """Yield every file under the path or glob pattern that Spark would read, lazily and as full URIs."""
    file_system, _ = _open_file_system(spark, uri)
    for root in _matching(spark, uri):
        root_path = root.getPath()
        prefix = root_path.getParent().toString() if root.isFile() else root_path.toString()
        files = file_system.listFiles(root_path, True)
        while files.hasNext():
            path = files.next().getPath().toString()
            if not _is_hidden(path[len(prefix) :]):
                yield path


def read_bytes(spark: SparkSession, uri: str, limit: int | None = None) -> bytes:
    """Read one file, or its first ``limit`` bytes, into memory."""
    file_system, path = _open_file_system(spark, uri)
    stream = file_system.open(path)
    try:
        return bytes(stream.readAllBytes() if limit is None else stream.readNBytes(limit))
    finally:
        stream.close()


def read_beginning(spark: SparkSession, uri: str, limit: int) -> bytes:
    """Read the first ``limit`` bytes of a file, uncompressed by the codec that its name stands for."""
    file_system, path = _open_file_system(spark, uri)
    codec = spark._jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(file_system.getConf()).getCodec(path)
    stream = file_system.open(path)
    try:
        return bytes((stream if codec is None else codec.createInputStream(stream)).readNBytes(limit))
    finally:
        stream.close()


def read_chunks(spark: SparkSession, uri: str, size: int) -> Iterator[bytes]:
    """Yield a file's content in pieces of ``size`` bytes, uncompressed as ``read_beginning`` does it."""
    file_system, path = _open_file_system(spark, uri)
    codec = spark._jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(file_system.getConf()).getCodec(path)
    stream = file_system.open(path)
    try:
        content = stream if codec is None else codec.createInputStream(stream)
        while chunk := bytes(content.readNBytes(size)):
            yield chunk
    finally:
        stream.close()


def write_bytes(spark: SparkSession, uri: str, content: bytes) -> None:
    """Write one new file; parent directories are made as needed."""
    file_system, path = _open_file_system(spark, uri)
    stream = file_system.create(path, False)
    try:
        stream.write(bytearray(content))
    finally:
        stream.close()


def _matching(spark: SparkSession, uri: str) -> list[Any]:
    file_system, path = _open_file_system(spark, uri)
    return list(file_system.globStatus(path) or [])


def _open_file_system(spark: SparkSession, uri: str) -> tuple[Any, Any]:
    # Hadoop's classes are reached through the JVM that Spark runs in: pyspark has no Python API for them.
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(uri)
    return path.getFileSystem(spark._jsparkSession.sessionState().newHadoopConf()), path


def _is_hidden(relative_path: str) -> bool:
    # Spark's own rule: names that start with _ or . hold no data, partition folders such as _day=1 do.
    return any(part[:1] in "_." and "=" not in part for part in relative_path.split("/") if part)
