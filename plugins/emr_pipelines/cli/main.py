"""The command `emr-pipelines`: its verbs, and how errors end it. Reads a verb's module only when that verb is used."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from emr_pipelines.cli.lazy_verbs import LazyVerbs
from emr_pipelines.cli.terminal.stop_signals import exit_code, handling
from emr_pipelines.cli.terminal.terminal_encoding import bear_with_narrow_streams
from emr_pipelines.errors import EmrPipelinesError

# For each family of verbs, as `--help` lists them: verb → module:function, or module:app for a verb with verbs of its own.
# A new verb is one line here and one module in a room of cli/.
FAMILIES = {
    "Start": {
        "new": "emr_pipelines.cli.authoring.new:new_command",
        "init": "emr_pipelines.cli.authoring.init:init_command",
        "data": "emr_pipelines.cli.authoring.data:data_app",
        "sample-data": "emr_pipelines.cli.local.sample_data:sample_data_command",
        "doctor": "emr_pipelines.cli.doctor.command:doctor_command",
    },
    "Write and check": {
        "validate": "emr_pipelines.cli.specs.validate:validate_command",
        "graph": "emr_pipelines.cli.graph.command:graph_command",
        "audit": "emr_pipelines.cli.audit.command:audit_command",
        "import-legacy": "emr_pipelines.cli.specs.import_legacy:import_legacy_command",
        "schema": "emr_pipelines.cli.specs.schema:schema_command",
    },
    "Before a run": {
        "plan": "emr_pipelines.cli.plan.command:plan_command",
        "render": "emr_pipelines.cli.plan.render:render_command",
        "prices": "emr_pipelines.cli.aws.prices:prices_command",
    },
    "Run": {
        "run": "emr_pipelines.cli.run.command:run_command",
        "backfill": "emr_pipelines.cli.backfill.command:backfill_command",
        "ui": "emr_pipelines.cli.airflow_home.ui:ui_command",
        "local": "emr_pipelines.cli.local.commands:local_app",
        "env": "emr_pipelines.cli.airflow_home.env:env_command",
    },
    "Look at runs": {
        "list": "emr_pipelines.cli.runs.list_command:list_command",
        "status": "emr_pipelines.cli.runs.status:status_command",
        "logs": "emr_pipelines.cli.runs.logs:logs_command",
        "diagnose": "emr_pipelines.cli.runs.diagnose:diagnose_command",
        "outputs": "emr_pipelines.cli.runs.outputs:outputs_command",
        "open": "emr_pipelines.cli.runs.open_command:open_command",
        "connect": "emr_pipelines.cli.aws.connect:connect_command",
    },
    "On AWS": {
        "infra": "emr_pipelines.cli.infra.commands:infra_app",
        "reap": "emr_pipelines.cli.aws.reap:reap_command",
        "gc": "emr_pipelines.cli.aws.gc_command:gc_command",
    },
}
VERBS = {verb: target for family in FAMILIES.values() for verb, target in family.items()}
PANELS = {verb: name for name, family in FAMILIES.items() for verb in family}


class Verbs(LazyVerbs):
    """Those of `emr-pipelines`."""

    targets = VERBS
    panels = PANELS


app = typer.Typer(name="emr-pipelines", cls=Verbs, no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(asked: bool) -> None:
    if asked:
        from emr_pipelines.cli.version import version_text  # as rarely needed

        typer.echo(version_text())
        raise typer.Exit


@app.callback()
def _describe(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Declarative EMR pipelines for Apache Airflow."""


def main() -> None:
    """Run the command line; an error is a message and exit code 1, never a traceback. That of an error which nobody foresaw goes to a file."""
    bear_with_narrow_streams()
    # A termination and a closed terminal unwind like an error: what a verb started (a server, a run) is stopped by its own clean-up.
    with handling(lambda number: sys.exit(exit_code(number)), signal.SIGTERM, signal.SIGHUP):
        try:
            app(prog_name="emr-pipelines")
        except EmrPipelinesError as error:
            typer.echo(str(error), err=True)
            sys.exit(1)
        except Exception as error:
            from emr_pipelines.cli.terminal.unexpected_errors import describe_unexpected  # 20 ms that no good run needs

            typer.echo(describe_unexpected(error, sys.argv[1:]), err=True)
            sys.exit(1)
