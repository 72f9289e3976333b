"""A project whose small pipelines together use every AWS call of the package, in an environment of its own, and its policy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from emr_pipelines.infra.airflow_role.airflow_policy import airflow_policy
from emr_pipelines.pipeline_spec.loader import load_environment, load_pipeline
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.project_files.project import environment_file, pipeline_file, pipeline_names
from emr_pipelines.plan.build import build_plan
from tests.least_privilege import ACCOUNT
from tests.step_writes import PUT

CODE, LOGS, INPUTS, PUBLISHED, SAMPLES = ("iam-code", "iam-logs", "iam-inputs", "iam-published", "iam-samples")
SHARED_CLUSTER = "iam-shared"
SECRET, PARAMETER = "iam/kdc", "/iam/realm"
ENVIRONMENT = f"""
name: guarded
connection: {{id: iam_guarded, endpoint_url: "http://127.0.0.1:1"}}
region: us-east-1
bucket: s3://{CODE}
data: s3://{INPUTS}
logs: s3://{LOGS}/emr
log_patience: 5s
cluster:
  release: emr-7.13.0
  applications: [Spark]
  idle_timeout: 15m
  service_role: EMR_DefaultRole_V2
  instance_profile: EMR_EC2_DefaultRole
sample_data:
  - {{prefix: "s3://{SAMPLES}/titles", command: [include/make_samples.py, "{{folder}}"]}}
"""
# What a step does, word by word: writes an object of that name, or what its verb says.
WRITER = f"""{PUT}
import pathlib, sys, time

output, *words = sys.argv[1:]
for word in words:
    verb, _, argument = word.partition(":")
    if verb == "fail":
        print("Submitted application application_1700000000000_0001", file=sys.stderr)
        raise ValueError("no such year")
    elif verb == "sleep":
        time.sleep(float(argument))
    elif verb == "hang_once" and not pathlib.Path(argument).exists():
        pathlib.Path(argument).touch()
        time.sleep(300)
    elif verb == "big":
        put(output, argument, b"x" * 9 * 1024 * 1024)
    elif verb != "hang_once":
        put(output, word)
"""
SMALL = "{primary: {instances: [m5.xlarge]}%s}"
OUTPUT = "output: text"


def write_project(root: Path) -> Path:
    """The project's files; returns the marker that the step of `lost` leaves when it hangs."""
    for folder in ("config/environments", "config/pipelines", "dags", "include"):
        (root / folder).mkdir(parents=True)
    hanging = root / "hanging"
    writer = root / "write_output.py"
    writer.write_text(WRITER)

    def step(name: str, words: str, more: str = OUTPUT) -> str:
        own = f'"${{steps.{name}.output}}"' if "output:" in more else "none"
        return f"  - {{name: {name}, command: [{sys.executable}, {writer}, {own}, {words}], {more}}}"

    source = f'inputs: {{raw: "s3://{INPUTS}/raw/year=${{params.year}}"}}'
    year = "params: {year: {type: integer, default: 2024}}"
    trust = "{realm: AD.TEST, domain: ad.test, admin_server: ad.test, kdc_server: ad.test}"
    roled = (
        f", security_configuration: {{imds_v2: true, runtime_roles: true, kerberos: {{cross_realm_trust: {trust}}}}}"
    )
    roled += f", kerberos: {{realm: EC2.INTERNAL, kdc_admin_secret: 'secretsmanager:{SECRET}', cross_realm_secret: 'ssm:{PARAMETER}'}}"
    roled += ", overrides: {AutoScalingRole: EMR_AutoScaling_DefaultRole}"
    pipelines = {
        "publishing": (
            year,
            SMALL % "",
            [step("one", "part-0, 'big:big.bin', _SUCCESS", f'{OUTPUT}, {source}, publish: "s3://{PUBLISHED}/report/year=${{params.year}}"')],
        ),
        "skipping": (year, SMALL % "", [step("one", "part-0", f"{source}, on_empty: skip")]),
        "shared": ("", f"{{name: {SHARED_CLUSTER}}}", [step("one", "'sleep:0'", "queue_timeout: 3s")]),
        "slow": ("", SMALL % "", [step("one", "'sleep:300'", "timeout: 4s")]),
        "failing": ("", SMALL % "", [step("one", "part-0, fail")]),
        "lost": ("", SMALL % "", [step("one", f"'hang_once:{hanging}', part-0, _SUCCESS")]),
        "roled": ("", SMALL % roled, [step("one", "part-0, _SUCCESS", f'{OUTPUT}, execution_role: "arn:aws:iam::{ACCOUNT}:role/Analyst"')]),
    }  # fmt: skip
    (root / "config" / "environments" / "guarded.yaml").write_text(ENVIRONMENT)
    (root / "include" / "make_samples.py").write_text("import sys; open(sys.argv[1] + '/titles.csv', 'w').write('x')\n")
    for name, (head, cluster, steps) in pipelines.items():
        spec = f"name: {name}\n{head}\ncluster: {cluster}\nsteps:\n" + "\n".join(steps) + "\n"
        (root / "config" / "pipelines" / f"{name}.yaml").write_text(spec)
        dag = '"""A pipeline of a test."""\nfrom emr_pipelines import build_airflow_dag\n\ndag = build_airflow_dag(__file__)\n'
        (root / "dags" / f"{name}.py").write_text(dag)
    return hanging


def guarded_environment(root: Path) -> EnvironmentSpec:
    """The environment of the project."""
    return load_environment(environment_file(root, "guarded"))


def policy_of(root: Path, environment: str = "guarded") -> dict[str, Any]:
    """The policy that `infra iam` prints for the project."""
    plans = [
        build_plan(load_pipeline(pipeline_file(root, name), environment=environment, project_root=root))
        for name in pipeline_names(root)
    ]
    return airflow_policy(load_environment(environment_file(root, environment)), plans, ACCOUNT)


def write_policy(file: Path, policy: dict[str, Any]) -> Path:
    """The policy as a file for `--iam-policy`."""
    file.write_text(json.dumps(policy))
    return file
