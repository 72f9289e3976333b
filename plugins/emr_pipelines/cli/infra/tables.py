"""How `emr-pipelines infra` shows events, changes, outputs and costs. Prints to the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.text import Text

from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.infra.health import Cost
from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack import Change, Stack
from emr_pipelines.infra.stack_events import StackEvent
from emr_pipelines.infra.stack_template.template import OPTIONS_OUTPUT

_COLOURS = {"FAILED": "red", "ROLLBACK": "yellow", "DELETE": "yellow", "COMPLETE": "green"}


class EventPrinter:
    """Prints each event of a stack as it comes."""

    def __init__(self) -> None:
        self._console = plain_console()

    def __call__(self, event: StackEvent) -> None:
        """Print one line."""
        colour = next((colour for word, colour in _COLOURS.items() if word in event.status), "dim")
        line = Text.assemble((f"{event.status:<28}", colour), f" {event.resource} ({event.kind})")
        self._console.print(line)
        if event.reason and event.status.endswith("FAILED"):
            self._console.print(f"  {event.reason}", highlight=False)


def print_changes(changes: Sequence[Change]) -> None:
    """The change set as a table."""
    rows = ((one.action.lower(), one.resource, one.kind, "yes" if one.replaces else "") for one in changes)
    plain_console().print(text_table("change", "resource", "type", "made anew", rows=rows, title="What `up` changes"))


def print_stack(stack: Stack, options: StackOptions, costs: Sequence[Cost]) -> None:
    """Outputs and costs."""
    console = plain_console()
    outputs = [(name, value) for name, value in sorted(stack.outputs.items()) if name != OPTIONS_OUTPUT]
    console.print(f"{stack.name}: {stack.status}", style="bold")
    # Lines and no table: an ARN or a subnet is copied from here, and a table would break it.
    for name, value in [*outputs, ("deployed with", options.to_json())]:
        console.print(f"  {name}: {value}", soft_wrap=True, highlight=False)
    console.print("What it costs without a cluster", style="bold")
    for cost in costs:
        console.print(f"  {cost.part}: {cost.billing}", soft_wrap=True, highlight=False)


def print_sentences(title: str, sentences: Sequence[str]) -> None:
    """A title with its list, to stderr."""
    for sentence in sentences:
        typer.echo(f"{title}: {sentence}", err=True)
