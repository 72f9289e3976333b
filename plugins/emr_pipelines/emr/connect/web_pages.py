"""The web pages that a cluster's primary node serves, by application. Pure; the ports are those of AWS's page "View web interfaces hosted on EMR clusters"."""

from __future__ import annotations

from dataclasses import dataclass

from emr_pipelines.emr.connect.primary_node import PrimaryNode

# Application → (page, scheme, port, path). YARN and HDFS run on every cluster, whatever its applications.
_ALWAYS = (("YARN ResourceManager", "http", 8088, ""),)
_HDFS_PORT = {"emr-5": 50070, "emr-4": 50070}
_HDFS_PORT_OF_HADOOP_3 = 9870
_PAGES = {
    "Flink": ("Flink history", "http", 8082, ""),
    "Ganglia": ("Ganglia", "http", 80, "/ganglia/"),
    "HBase": ("HBase", "http", 16010, ""),
    "Hue": ("Hue", "http", 8888, ""),
    "JupyterHub": ("JupyterHub", "https", 9443, ""),
    "Livy": ("Livy", "http", 8998, ""),
    "Presto": ("Presto", "http", 8889, ""),
    "Spark": ("Spark history", "http", 18080, ""),
    "Tez": ("Tez", "http", 8080, "/tez-ui"),
    "Trino": ("Trino", "http", 8889, ""),
    "Zeppelin": ("Zeppelin", "http", 8890, ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPage:
    """One page: its address on the primary node, to be reached through a proxy or tunnel."""

    name: str
    address: str


def web_pages(node: PrimaryNode) -> list[WebPage]:
    """The pages of the installed applications; none while the node has no name."""
    if node.dns_name is None:
        return []
    hdfs = _HDFS_PORT.get(node.release[:5], _HDFS_PORT_OF_HADOOP_3)
    installed = {name.casefold() for name in node.applications}
    rows = [
        *_ALWAYS,
        ("HDFS NameNode", "http", hdfs, ""),
        *(page for application, page in _PAGES.items() if application.casefold() in installed),
    ]
    return [
        WebPage(name=name, address=f"{scheme}://{node.dns_name}:{port}{path or '/'}")
        for name, scheme, port, path in rows
    ]
