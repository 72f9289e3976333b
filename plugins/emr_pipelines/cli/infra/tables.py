"""How `emr-pipelines infra` shows events, changes, outputs and costs. Prints to the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table

from emr_pipelines.infra.health import Cost
from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack import Change, Stack
from emr_pipelines.infra.stack_events import StackEvent
from emr_pipelines.infra.template import OPTIONS_OUTPUT

_COLOURS = {"FAILED": "red", "ROLLBACK": "yellow", "DELETE": "yellow", "COMPLETE": "green"}


class EventPrinter:
    """Prints each event of a stack as it comes."""

    def __init__(self) -> None:
        self._console = Console()

    def __call__(self, event: StackEvent) -> None:
        """Print one line."""
        colour = next((colour for word, colour in _COLOURS.items() if word in event.status), "dim")
        self._console.print(f"[{colour}]{event.status:<28}[/] {event.resource} ({event.kind})", highlight=False)
        if event.reason and event.status.endswith("FAILED"):
            self._console.print(f"  {event.reason}", markup=False, highlight=False)


def print_changes(changes: Sequence[Change]) -> None:
    """The change set as a table."""
    table = Table("change", "resource", "type", "made anew", title="What `up` changes")
    for change in changes:
        table.add_row(change.action.lower(), change.resource, change.kind, "yes" if change.replaces else "")
    Console().print(table)


def print_stack(stack: Stack, options: StackOptions, costs: Sequence[Cost]) -> None:
    """Outputs and costs."""
    console = Console()
    outputs = Table("output", "value", title=f"{stack.name}: {stack.status}")
    for name, value in sorted(stack.outputs.items()):
        if name != OPTIONS_OUTPUT:
            outputs.add_row(name, value)
    outputs.add_row("deployed with", options.to_json())
    console.print(outputs)
    table = Table("part", "costs without a cluster", title="What it costs")
    for cost in costs:
        table.add_row(cost.part, cost.billing)
    console.print(table)


def print_sentences(title: str, sentences: Sequence[str]) -> None:
    """A title with its list, to stderr."""
    for sentence in sentences:
        typer.echo(f"{title}: {sentence}", err=True)
