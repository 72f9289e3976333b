"""Which attempt of which step a verb means: `PIPELINE STEP`, or the id of a step."""

from __future__ import annotations

from emr_pipelines.cli.runs.run_options import RunReader
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.run_choice import RunFilter
from emr_pipelines.run_records.run_report import RunReport, StepReport, step_named
from emr_pipelines.run_records.submitted_steps import SubmittedStep


def choose_step(
    reader: RunReader, wanted: str, step: str | None, which: RunFilter
) -> tuple[RunReport, StepReport | None, SubmittedStep | None]:
    """The run, the step and the attempt that are meant; no step where only a run was named, no attempt of a step that was not submitted yet.

    Raises EmrPipelinesError, saying what there is, for what is not found.
    """
    chosen = reader.choose(wanted, which)
    report = reader.report(chosen)
    if chosen.step_name is None or chosen.handle is None:
        if step is None:
            return report, None, None
        found = step_named(report, step)
        return report, found, found.latest
    if step is not None:
        raise EmrPipelinesError(f"{wanted} names a step already; leave {step!r} out")
    found = step_named(report, chosen.step_name)
    handle = chosen.handle
    return report, found, next((one for one in found.attempts if one.handle == handle), None)
