"""Rules about steps whose script was written for the ten arguments of the older steps.json system. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation


def check_contract(context: Context) -> Iterator[RuleViolation]:
    """A legacy script gets ten arguments: one of them is its output, one its only input, and none is its own."""
    for path, step in context.steps():
        if step.spark is None or step.spark.contract != "legacy":
            continue
        if context.is_absent((*path, "output")):
            yield RuleViolation(
                path=(*path, "spark", "contract"),
                message="contract legacy without output, of which --output_uri and --format_output are made",
                fix="Add output: parquet, or what the script writes.",
            )
        if len(step.inputs) > 1:
            yield RuleViolation(
                path=(*path, "inputs"),
                message=f"{len(step.inputs)} inputs, but contract legacy has one argument for data, --input_data",
                fix="Keep one input; use `after` to wait for other steps, or change the script to contract inputs.",
            )
        if step.args:
            yield RuleViolation(
                path=(*path, "args"),
                message="args beside contract legacy, which passes ten fixed arguments and nothing else",
                fix="Remove args, or change the script to contract inputs.",
            )
