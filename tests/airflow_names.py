"""Names of Airflow that tests use and that moved between 3.0 and 3.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from sqlalchemy.orm import Session

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 3.0
    from airflow.models.dagbag import DagBag  # type: ignore[no-redef]
try:
    from airflow.serialization.serialized_objects import DagSerialization

    serialize_dag = DagSerialization.serialize_dag
except ImportError:  # Airflow 3.0
    from airflow.serialization.serialized_objects import SerializedDAG  # type: ignore[attr-defined]

    serialize_dag = SerializedDAG.serialize_dag  # type: ignore[attr-defined]


def store_dag(dag: DAG, session: Session) -> None:
    """Make the DAG known to Airflow's database, as its dag-processor does; `dag.test` of Airflow 3.0 leaves that out."""
    if SerializedDagModel.get(dag.dag_id, session=session) is None:
        bundle = "dags-folder"
        session.merge(DagBundleModel(name=bundle))
        session.flush()
        session.merge(DagModel(dag_id=dag.dag_id, bundle_name=bundle))
        session.flush()
        SerializedDagModel.write_dag(dag, bundle_name=bundle, session=session)
        session.flush()


__all__ = ["DagBag", "serialize_dag", "store_dag"]
