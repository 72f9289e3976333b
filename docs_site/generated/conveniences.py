"""The page of the conveniences of other tools and of ours: a table of what they have, and from the list of verbs whether we have it. So nothing is promised that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from docs_site.generated.markdown import page, table, wrapped
from emr_pipelines.cli.main import VERBS

SOURCES = {
    "astro CLI": "https://www.astronomer.io/docs/astro/cli/astro-dev",
    "dbt": "https://docs.getdbt.com/category/list-of-commands",
    "terraform": "https://developer.hashicorp.com/terraform/cli/inspect",
    "Databricks bundles": "https://docs.databricks.com/gcp/dev-tools/cli/bundle-commands",
    "amazon-emr-cli": "https://github.com/awslabs/amazon-emr-cli",
    "mrjob": "https://pypi.org/project/mrjob/",
}
INTRODUCTION = (
    "What people like about neighbouring tools, and the command that does the same here. This page is made from the "
    "list of our verbs: a command in the last column is one that this version has."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Convenience:
    """A need, whose commands meet it elsewhere, and ours; `verb` is its first word, empty where no verb is needed."""

    need: str
    theirs: dict[str, str]
    ours: str
    verb: str = ""


CONVENIENCES = (
    Convenience(
        need="A new project",
        theirs={
            "astro CLI": "astro dev init",
            "dbt": "dbt init",
            "Databricks bundles": "databricks bundle init",
            "amazon-emr-cli": "emr init",
        },
        ours="emr-pipelines init DIR",
        verb="init",
    ),
    Convenience(need="A new pipeline", theirs={}, ours="emr-pipelines new NAME", verb="new"),
    Convenience(
        need="Check without running",
        theirs={
            "astro CLI": "astro dev parse",
            "dbt": "dbt parse",
            "terraform": "terraform validate",
            "Databricks bundles": "databricks bundle validate",
        },
        ours="emr-pipelines validate",
        verb="validate",
    ),
    Convenience(
        need="See what a change changes",
        theirs={"terraform": "terraform plan"},
        ours="emr-pipelines plan NAME --against main",
        verb="plan",
    ),
    Convenience(
        need="An exit code for a difference",
        theirs={"terraform": "terraform plan -detailed-exitcode"},
        ours="emr-pipelines plan NAME --against main --exit-code",
        verb="plan",
    ),
    Convenience(
        need="What a run costs, before it", theirs={}, ours="emr-pipelines plan NAME --show cost", verb="plan"
    ),
    Convenience(need="Security findings as SARIF", theirs={}, ours="emr-pipelines audit --format sarif", verb="audit"),
    Convenience(
        need="Run it on this machine",
        theirs={"astro CLI": "astro run", "mrjob": "python job.py -r local"},
        ours="emr-pipelines run NAME",
        verb="run",
    ),
    Convenience(
        need="Run a part of it",
        theirs={"dbt": "dbt build --select", "terraform": "terraform apply -target"},
        ours="emr-pipelines run NAME --step STEP",
        verb="run",
    ),
    Convenience(
        need="Go on from the failure",
        theirs={"dbt": "dbt retry"},
        ours="emr-pipelines run NAME --from-step STEP",
        verb="run",
    ),
    Convenience(
        need="A UI on this machine", theirs={"astro CLI": "astro dev start"}, ours="emr-pipelines ui", verb="ui"
    ),
    Convenience(
        need="Check the installation", theirs={"dbt": "dbt debug"}, ours="emr-pipelines doctor", verb="doctor"
    ),
    Convenience(
        need="Deploy what it needs",
        theirs={
            "terraform": "terraform apply",
            "Databricks bundles": "databricks bundle deploy",
            "amazon-emr-cli": "emr bootstrap",
        },
        ours="emr-pipelines infra up",
        verb="infra",
    ),
    Convenience(
        need="Take it down again",
        theirs={"terraform": "terraform destroy", "Databricks bundles": "databricks bundle destroy"},
        ours="emr-pipelines infra down",
        verb="infra",
    ),
    Convenience(
        need="List what there is",
        theirs={"dbt": "dbt ls", "terraform": "terraform state list"},
        ours="emr-pipelines list",
        verb="list",
    ),
    Convenience(
        need="The state of a run",
        theirs={"astro CLI": "astro dev ps", "amazon-emr-cli": "emr status", "Databricks bundles": "databricks bundle summary"},
        ours="emr-pipelines status NAME",
        verb="status",
    ),
    Convenience(
        need="A step's log",
        theirs={"astro CLI": "astro dev logs", "amazon-emr-cli": "emr run --show-stdout"},
        ours="emr-pipelines logs NAME STEP",
        verb="logs",
    ),
    Convenience(
        need="Why it failed",
        theirs={"mrjob": "mrjob diagnose"},
        ours="emr-pipelines diagnose NAME",
        verb="diagnose",
    ),
    Convenience(
        need="The outputs of a run",
        theirs={"terraform": "terraform output"},
        ours="emr-pipelines outputs NAME",
        verb="outputs",
    ),
    Convenience(
        need="Open it in a browser",
        theirs={"Databricks bundles": "databricks bundle open"},
        ours="emr-pipelines open NAME",
        verb="open",
    ),
    Convenience(
        need="The graph", theirs={"terraform": "terraform graph"}, ours="emr-pipelines graph NAME", verb="graph"
    ),
    Convenience(
        need="Move data in and out", theirs={"dbt": "dbt seed"}, ours="emr-pipelines data put", verb="data"
    ),
    Convenience(need="A range of dates", theirs={}, ours="emr-pipelines backfill NAME", verb="backfill"),
    Convenience(
        need="End forgotten clusters",
        theirs={"mrjob": "mrjob terminate-idle-clusters"},
        ours="emr-pipelines reap",
        verb="reap",
    ),
    Convenience(need="Tidy up old files", theirs={"dbt": "dbt clean", "mrjob": "mrjob s3-tmpwatch"}, ours="emr-pipelines gc", verb="gc"),
    Convenience(need="Reach the cluster", theirs={}, ours="emr-pipelines connect NAME", verb="connect"),
    Convenience(
        need="A schema for the editor",
        theirs={"Databricks bundles": "databricks bundle schema"},
        ours="emr-pipelines schema",
        verb="schema",
    ),
    Convenience(
        need="Documentation of the project", theirs={"dbt": "dbt docs generate"}, ours="make docs"
    ),
)  # fmt: skip


def conveniences_page() -> str:
    """Every convenience, with what this version has for it."""
    rows = [
        (one.need, _theirs(one.theirs), f"`{one.ours}`" if is_here(one, VERBS) else "not yet") for one in CONVENIENCES
    ]
    return page(
        "Conveniences",
        wrapped(INTRODUCTION),
        table(("You want", "Elsewhere", "Here"), rows),
        "Sources:\n\n" + "\n".join(f"- [{name}]({address})" for name, address in SOURCES.items()),
    )


def is_here(convenience: Convenience, verbs: Iterable[str]) -> bool:
    """Whether this version has it."""
    return not convenience.verb or convenience.verb in verbs


def _theirs(commands: dict[str, str]) -> str:
    return ", ".join(f"`{command}`" for command in commands.values()) or "-"
