"""Names of Airflow that tests use and that moved between 3.0 and 3.3."""

from __future__ import annotations

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 3.0
    from airflow.models.dagbag import DagBag
try:
    from airflow.serialization.serialized_objects import DagSerialization

    serialize_dag = DagSerialization.serialize_dag
except ImportError:  # Airflow 3.0
    from airflow.serialization.serialized_objects import SerializedDAG

    serialize_dag = SerializedDAG.serialize_dag

__all__ = ["DagBag", "serialize_dag"]
