"""A group of verbs whose modules are imported when they are used: `plan` starts without Airflow and boto3, and `--help` reads what it lists as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from emr_pipelines.pipeline_spec.notation.spelling import closest

_INTERRUPTED = 130


class LazyVerbs(TyperGroup):
    """Verbs by name: `module:function`, or `module:app` for a verb with verbs of its own."""

    targets: Mapping[str, str] = {}
    # The heading under which `--help` lists a verb.
    panels: Mapping[str, str] = {}
    _are_only_described = False

    def list_commands(self, ctx: Any) -> list[str]:
        """The verbs in the order of their table."""
        return list(self.targets)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a verb, or None for an unknown one."""
        if cmd_name not in self.targets:
            return None
        if self._are_only_described:
            return TyperCommand(
                cmd_name, help=first_sentence(self.targets[cmd_name]), rich_help_panel=self.panels.get(cmd_name)
            )
        return load_verb(cmd_name, self.targets[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that is meant by the first argument. Raises a usage error that names the verb which is spelled like it."""
        if args[0] not in self.targets and not args[0].startswith("-"):
            guess = closest(args[0], self.targets)
            ctx.fail(f"No such command '{args[0]}'." + (f" Did you mean '{guess}'?" if guess else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb. Ctrl-C ends it with a sentence where the verb has none of its own."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(_INTERRUPTED) from None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The verbs with what they are for, without importing them."""
        with self._described():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The verbs that begin like this, without importing them."""
        with self._described():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _described(self) -> Iterator[None]:
        self._are_only_described = True
        try:
            yield
        finally:
            self._are_only_described = False


def load_verb(name: str, target: str) -> Any:
    """The command at `module:name`."""
    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    verb = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    verb.command(name=name)(found)
    return typer.main.get_command(verb)


def first_sentence(target: str) -> str:
    """What the verb at `module:name` is for: the first sentence of its function's docstring, or of the `help` of its app; read from the source."""
    module, _, name = target.partition(":")
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ImportError(f"there is no module {module}")
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _first(ast.get_docstring(node) or "")
        if isinstance(node, ast.Assign) and [getattr(to, "id", "") for to in node.targets] == [name]:
            return _help_of_app(node.value)
    raise AttributeError(f"{module} defines no {name}")


def _help_of_app(value: ast.expr) -> str:
    words = value.keywords if isinstance(value, ast.Call) else []
    return next((_first(ast.literal_eval(word.value)) for word in words if word.arg == "help"), "")


def _first(text: str) -> str:
    """The first sentence, without its full stop."""
    return text.partition("\n")[0].partition(". ")[0].removesuffix(".")
