"""With JUDGE_ACCESSES=1 (`make test-least-privilege`, `make test-proofs`, `make test-kills`) everything that the runs of a test ask AWS for is held against the policy that `infra iam` prints for their pipelines.

emr_local then allows all and keeps a record, so that the tests run as always; a record that the policy does not allow fails the test afterwards. A run of which everything is
allowed is the same run under the policy. What the tests themselves ask for is signed as the administrator's and is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from emr_local.iam.policies import Access, read_policy
from emr_pipelines.errors import SpecError
from emr_pipelines.infra.airflow_role.airflow_policy import airflow_policy
from emr_pipelines.pipeline_spec.loader import load_environment, load_pipeline
from emr_pipelines.pipeline_spec.project_files.project import environment_file, pipeline_file
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from tests.access_record import IS_ON
from tests.emr_local.control import Control

ACCOUNT = "123456789012"


def forget_accesses(url: str) -> None:
    """Begin anew: what was asked for until now is none of this test's."""
    if IS_ON:
        Control(url).delete("authorizations")


def check_accesses(url: str, project: Path, pipelines: Iterable[str]) -> None:
    """Fail when something was asked for, since the last check, that the policy of these pipelines does not allow."""
    if not IS_ON:
        return
    control = Control(url)
    recorded = control.get("authorizations")["authorizations"]
    control.delete("authorizations")
    plans = list(_plans_of(project, pipelines))
    policy = read_policy(airflow_policy(load_environment(environment_file(project, "local")), plans, ACCOUNT))
    denied = {f"{one['action']} {one['resource']}" for one in recorded if not policy.judge(access_of(one)).allowed}
    assert not denied, f"the policy of {', '.join(plan.name for plan in plans)} denies {sorted(denied)}"


def access_of(decision: Mapping[str, Any]) -> Access:
    """The access that a decision of emr_local's record was about."""
    context = {key: tuple(values) for key, values in decision["context"].items()}
    return Access(action=decision["action"], resource=decision["resource"], context=context)


def _plans_of(project: Path, pipelines: Iterable[str]) -> Iterator[Plan]:
    for name in sorted(set(pipelines)):
        try:
            loaded = load_pipeline(pipeline_file(project, name), environment="local", project_root=project)
        except SpecError:  # a test made it wrong on purpose; it never ran like this
            continue
        yield build_plan(loaded)
