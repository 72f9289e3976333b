"""The ten arguments of a script that was written for the older steps.json system, and where such a script reads and writes. Pure.

The script itself joins `s3a://<prefix_name>/output/<output_uri>`, so its attempts lie below `<bucket>/output/runs` instead of `<bucket>/runs`, and
`prefix_name` is the plain name of the bucket, as it was: a script may also give it to boto3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.models.pipeline import OutputSpec, StepSpec
from emr_pipelines.pipeline_spec.notation.placeholders import references_in
from emr_pipelines.pipeline_spec.notation.s3_places import LEGACY_RUNS, RUNS
from emr_pipelines.plan.model import Plan, StepPlan

_NONE = "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyContract:
    """What the arguments of one pipeline's legacy scripts are made of: the pipeline, its bucket as s3://name, and the names of its legacy steps."""

    pipeline: str
    bucket: str
    steps: Collection[str]

    def arguments(self, step: StepSpec, addresses: Sequence[str]) -> Iterator[str]:
        """The ten arguments in their order; `addresses` are the step's inputs: one, or none."""
        address = next(iter(addresses), None)
        upstream = self._upstream(address)
        output = OutputSpec(format=step.output) if isinstance(step.output, str) else step.output
        arguments = {
            "auto_generate_output": "1",
            "output_uri": f"{RUNS}/{_below_runs(self.pipeline, step.name)}",
            "format_output": f".{output.format}" if output else _NONE,
            "external_input": _flag(address is not None and upstream is None),
            "input_dependency_from_output_step": _flag(upstream is not None),
            "from_step": upstream or _NONE,
            "input_data": _input_data(address, upstream),
            "name_step": step.name,
            # EMR drops an empty argument, and its option would then take the next one for its value.
            "description": step.description or step.name,
            "prefix_name": self.bucket.removeprefix("s3://"),
        }
        for name, value in arguments.items():
            yield from (f"--{name}", value)

    def _upstream(self, address: str | None) -> str | None:
        """The step whose output the input is, if that step writes where a legacy script looks for it."""
        for reference in references_in(address):
            if reference.root == "steps" and address is not None and address.startswith(str(reference)):
                name = reference.parts[1]
                return name if name in self.steps else None
        return None


def attempt_prefix(bucket: str, pipeline: str, step: StepSpec) -> str:
    """Where an attempt of a step writes. Every attempt has a prefix of its own: Spark refuses one that exists, and no reader ever sees a half-written one."""
    return f"{bucket}/{LEGACY_RUNS if is_legacy(step) else RUNS}/{_below_runs(pipeline, step.name)}"


def attempts_folder(plan: Plan, step: StepPlan) -> str:
    """Where all attempts of a step in one run lie, and the small records about them."""
    own = step.output.prefix if step.output else f"{plan.bucket}/{RUNS}/{_below_runs(plan.name, step.name)}"
    return own.rpartition("/")[0]


def output_uri_of(output: str) -> str:
    """What a legacy script calls `output_uri`: the part of a legacy step's output prefix after `s3://<bucket>/output/`."""
    return output.split("/", 4)[-1]


def is_legacy(step: StepSpec) -> bool:
    """Whether the step's script was written for the ten arguments."""
    return step.spark is not None and step.spark.contract == "legacy"


def _below_runs(pipeline: str, step: str) -> str:
    return f"{pipeline}/${{run.id}}/{step}/attempt=${{step.attempt}}"


def _input_data(address: str | None, upstream: str | None) -> str:
    if address is None:
        return _NONE
    if upstream is None:
        return address
    return f"${{steps.{upstream}.output_uri}}" + address.removeprefix(f"${{steps.{upstream}.output}}")


def _flag(value: bool) -> str:
    return "1" if value else "0"
