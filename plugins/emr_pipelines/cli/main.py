"""The command `emr-pipelines`: its verbs, and how errors end it. Imports a verb's module only when that verb is used."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from emr_pipelines.cli.terminal.stop_signals import exit_code, handling
from emr_pipelines.cli.terminal.terminal_encoding import bear_with_narrow_streams
from emr_pipelines.cli.terminal.unexpected_errors import describe_unexpected
from emr_pipelines.errors import EmrPipelinesError

# Verb → module:function, or module:app for a verb with verbs of its own. A new verb is one line here and one module in a room of cli/.
VERBS = {
    "audit": "emr_pipelines.cli.audit.command:audit_command",
    "connect": "emr_pipelines.cli.aws.connect:connect_command",
    "data": "emr_pipelines.cli.authoring.data:data_app",
    "doctor": "emr_pipelines.cli.doctor.command:doctor_command",
    "env": "emr_pipelines.cli.airflow_home.env:env_command",
    "gc": "emr_pipelines.cli.aws.gc_command:gc_command",
    "import-legacy": "emr_pipelines.cli.specs.import_legacy:import_legacy_command",
    "infra": "emr_pipelines.cli.infra.commands:infra_app",
    "init": "emr_pipelines.cli.authoring.init:init_command",
    "local": "emr_pipelines.cli.local.commands:local_app",
    "new": "emr_pipelines.cli.authoring.new:new_command",
    "plan": "emr_pipelines.cli.plan.command:plan_command",
    "prices": "emr_pipelines.cli.aws.prices:prices_command",
    "reap": "emr_pipelines.cli.aws.reap:reap_command",
    "render": "emr_pipelines.cli.plan.render:render_command",
    "run": "emr_pipelines.cli.run.command:run_command",
    "sample-data": "emr_pipelines.cli.local.sample_data:sample_data_command",
    "schema": "emr_pipelines.cli.specs.schema:schema_command",
    "ui": "emr_pipelines.cli.airflow_home.ui:ui_command",
    "validate": "emr_pipelines.cli.specs.validate:validate_command",
}


class LazyVerbs(TyperGroup):
    """Imports only the verb that is used, so that `validate` and `plan` start without Airflow and boto3."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in alphabetical order."""
        return sorted(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb, or None for an unknown one."""
        if cmd_name not in VERBS:
            return None
        module, _, function = VERBS[cmd_name].partition(":")
        target = getattr(import_module(module), function)
        if isinstance(target, typer.Typer):
            return typer.main.get_command(target)
        verb = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        verb.command(name=cmd_name)(target)
        return typer.main.get_command(verb)


app = typer.Typer(
    name="emr-pipelines", cls=LazyVerbs, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def _describe() -> None:
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
            typer.echo(describe_unexpected(error, sys.argv[1:]), err=True)
            sys.exit(1)
