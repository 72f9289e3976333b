"""Declarative EMR pipelines for Apache Airflow: spec, plan, DAG, and the command line.

The names below are public: a DAG file calls the first two, a program that reads specs and plans the others. Each is imported when it is first used,
so that `import emr_pipelines` imports nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Public name → the module that owns it. Type checkers read the imports below in its place; tests/project/test_public_names.py compares the two.
_OWNERS = {
    "build_airflow_dag": "emr_pipelines.dag.factory",
    "build_reaper_dag": "emr_pipelines.dag.reaper",
    "load_pipeline": "emr_pipelines.pipeline_spec.loader",
    "LoadedSpec": "emr_pipelines.pipeline_spec.loader",
    "build_plan": "emr_pipelines.plan.build",
    "Plan": "emr_pipelines.plan.model",
    "EmrPipelinesError": "emr_pipelines.errors",
    "SpecError": "emr_pipelines.errors",
    "Problem": "emr_pipelines.errors",
}

if TYPE_CHECKING:
    from emr_pipelines.dag.factory import build_airflow_dag as build_airflow_dag
    from emr_pipelines.dag.reaper import build_reaper_dag as build_reaper_dag
    from emr_pipelines.errors import EmrPipelinesError as EmrPipelinesError
    from emr_pipelines.errors import Problem as Problem
    from emr_pipelines.errors import SpecError as SpecError
    from emr_pipelines.pipeline_spec.loader import LoadedSpec as LoadedSpec
    from emr_pipelines.pipeline_spec.loader import load_pipeline as load_pipeline
    from emr_pipelines.plan.build import build_plan as build_plan
    from emr_pipelines.plan.model import Plan as Plan
else:  # a type checker that saw this would take every name for one of the package's

    def __getattr__(name: str) -> Any:
        """A public name, from the module that owns it."""
        if name not in _OWNERS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_OWNERS[name]), name)

    def __dir__() -> list[str]:
        """The public names, beside what is there."""
        return sorted({*globals(), *_OWNERS})
