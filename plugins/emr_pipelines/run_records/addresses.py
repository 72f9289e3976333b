"""Which page or file shows a run's result, a step's or a log: a file of this machine where emr_local keeps it, else a page of AWS's console. Clients are passed in; reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from emr_pipelines.emr.console_addresses import cluster_page, object_page, prefix_page
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.output_reports import data_files
from emr_pipelines.run_records.run_report import RunReport, StepReport
from emr_pipelines.run_records.sources import RunSources

# Where the object at an s3:// address is a file; None on AWS.
LocalPath = Callable[[str], Path]
# What a person looks at first, in this order.
_PAGES = ("index.html", ".html", ".htm", ".png", ".svg", ".jpg", ".jpeg", ".pdf", ".txt", ".csv", ".json")


def result_page(sources: RunSources, report: RunReport, local_path: LocalPath | None) -> str:
    """The page or picture of the run: of the last step that has published, else of the last one with an output. Raises EmrPipelinesError when there is none."""
    finished = [step for step in report.steps if step.output is not None]
    published = [step for step in finished if step.place is not None and step.place.state == "published"]
    chosen = next(reversed(published or finished), None)
    if chosen is None:
        raise EmrPipelinesError(
            f"The run {report.run.run_id} of {report.run.pipeline} has no output yet ({report.why or report.state}); "
            f"see emr-pipelines status {report.run.pipeline}"
        )
    return step_page(sources, chosen, local_path)


def step_page(sources: RunSources, step: StepReport, local_path: LocalPath | None) -> str:
    """The page of a step's published output, else of its output. Raises EmrPipelinesError for a step without one."""
    if step.output is None:
        raise EmrPipelinesError(f"Step {step.name} ({step.state}) has no verified output; --log opens its log")
    place = step.output.prefix
    if step.place is not None and step.place.state == "published":
        place = step.place.address
    name = first_to_show(file.name for file in data_files(sources.s3, place))
    if local_path is not None:
        return local_path(place if name is None else f"{place}/{name}").resolve().as_uri()
    return prefix_page(sources.region, place) if name is None else object_page(sources.region, f"{place}/{name}")


def first_to_show(names: Iterable[str]) -> str | None:
    """The one of the files that a person looks at first; None when all are data."""
    found = list(names)
    candidates = ((ending, name) for ending in _PAGES for name in found if name.lower().endswith(ending))
    return next((name for _, name in candidates), None)


def page_of_cluster(sources: RunSources, report: RunReport, *, is_local: bool) -> str:
    """The console's page of the run's newest cluster. Raises EmrPipelinesError where there is none."""
    if is_local:
        raise EmrPipelinesError("emr_local has no console; `emr-pipelines status` shows its clusters")
    if not report.clusters:
        raise EmrPipelinesError(f"EMR knows no cluster of the run {report.run.run_id}")
    return cluster_page(sources.region, report.clusters[-1].cluster_id)
