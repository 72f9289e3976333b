"""The plan of a pipeline: frozen, fully defaulted, ordered, JSON-serialisable and deterministic. Pure data.

Strings may hold placeholders whose values are known only when a run runs:
`${run.year|month|date|id}`, `${params.<name>}`, `${steps.<name>.output}` (of the step itself: its own new prefix), and, made by the plan alone,
`${run.key}` (12 hex digits of DAG and run), `${run.expires_at}` (ISO time), `${code.prefix}` (where `publish_code` put the artifacts),
`${step.attempt}` (the attempt's label, unique per attempt), `${step.key}` (this submission: `<family>.<label>`) and `${steps.<name>.output_uri}` (that
output as scripts of the legacy contract name it). `$${` stands for a literal `${`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from emr_pipelines.plan.keys import step_label

if TYPE_CHECKING:  # the kinds are built from specs, of which the plan's records know nothing
    from emr_pipelines.plan.kinds.step_command import StepCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPlan:
    """Which Airflow connection the tasks use and where its endpoint is, if not AWS's own."""

    id: str
    region: str
    endpoint_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Something of the project that `publish_code` uploads to `${code.prefix}/<target>`.

    A "file" is uploaded as it is; a "package" is a folder that becomes a zip with the folder's name at its root (for --py-files).
    `source` is a path relative to the project root, with forward slashes.
    """

    kind: Literal["file", "package"]
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamPlan:
    """A parameter of the run: its default and its JSON Schema (type, enum, minimum, pattern …)."""

    name: str
    default: str | int | float | bool | None
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityConfigurationPlan:
    """A security configuration that the spec itself holds, under a name made of its content; it has no placeholders."""

    name: str
    configuration: dict[str, Any]

    @property
    def text(self) -> str:
        """The configuration as EMR gets it; the same content is the same text."""
        return json.dumps(self.configuration, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """The cluster of a run: `request` is the whole RunJobFlow body; or the long-running cluster `existing_id` / `existing_name`, with request None.

    `security_configuration` is what the spec itself holds of one, to be created before the cluster if it does not exist; the request names it.
    `start_timeout_seconds`: a cluster that takes no steps after this time is given up. `replaceable`: the steps can go on on another cluster when this
    one is lost. `place` is the `file:line` of the spec's cluster, `places` that of each value below it, for errors that EMR gives only at run time.
    """

    key: str
    request: dict[str, Any] | None = None
    existing_id: str | None = None
    existing_name: str | None = None
    security_configuration: SecurityConfigurationPlan | None = None
    idle_timeout_seconds: int | None = None
    max_lifetime_seconds: int | None = None
    start_timeout_seconds: int | None = None
    replaceable: bool = True
    place: str = ""
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """A step's output: the prefix of this attempt (no trailing slash), how it is verified, where a verified copy goes last of all, and whom it may replace there besides its own kind."""

    prefix: str
    format: str
    success_marker: bool
    min_files: int
    publish: str | None = None
    take_over: Literal["other_runs", "anyone"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One EMR step. `command` is what it runs, `action_on_failure` EMR's own word; `upstream` names the steps that must have succeeded before.

    `retries`: how often a job that failed is submitted again. `queue_timeout_seconds`: the longest time that it may stay PENDING. `external_inputs` are the
    s3:// addresses that no step of this pipeline writes; `on_empty` says what becomes of the run when one of them holds nothing.
    """

    name: str
    description: str
    upstream: tuple[str, ...]
    command: StepCommand
    action_on_failure: str
    output: OutputPlan | None = None
    timeout_seconds: int | None = None
    execution_role: str | None = None
    line: int = 0
    place: str = ""
    retries: int = 0
    queue_timeout_seconds: int | None = None
    on_empty: Literal["fail", "skip"] = "fail"
    external_inputs: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind key of the spec."""
        return self.command.kind

    @property
    def request(self) -> dict[str, Any]:
        """The StepConfig for AddJobFlowSteps, made of the command here and nowhere else."""
        return {
            "Name": step_label(self.name, "${step.key}"),
            "ActionOnFailure": self.action_on_failure,
            "HadoopJarStep": self.command.jar_step(),
        }

    def to_json(self) -> dict[str, Any]:
        """The step as JSON values: the request as EMR gets it stands for the command."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        del values["command"], values["action_on_failure"]
        head = {"name": values.pop("name"), "kind": self.kind}
        head |= {key: values.pop(key) for key in ("description", "upstream")}
        output = values.pop("output")
        return {**head, "request": self.request, "output": output and asdict(output), **values}


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionPlan:
    """A security finding that a person accepts: the rule, why, and the last day on which it holds (ISO date). `shared`: it is the environment's."""

    rule: str
    reason: str
    until: str | None
    place: str
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a DAG, the command line and the benchmarks need to know of a pipeline in one environment.

    `deferrable`: the triggerer does the waiting, so that no worker slot is held. `log_patience_seconds`: how long a failed task waits for EMR's logs.
    `expected_duration_seconds`: how long the cluster of a run usually lives, as far as the spec says.
    """

    name: str
    description: str
    owner: str
    tags: tuple[str, ...]
    schedule: str | None
    start_date: str | None
    end_date: str | None
    catchup: bool
    max_active_runs: int
    params: tuple[ParamPlan, ...]
    environment: str
    connection: ConnectionPlan
    bucket: str
    cluster: ClusterPlan
    steps: tuple[StepPlan, ...]
    artifacts: tuple[Artifact, ...]
    spec_file: str
    spec_digest: str
    deferrable: bool = False
    log_patience_seconds: int = 0
    expected_duration_seconds: int | None = None
    suppressions: tuple[SuppressionPlan, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values, keys in declaration order."""
        return {**asdict(replace(self, steps=())), "steps": [step.to_json() for step in self.steps]}
