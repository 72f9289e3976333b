"""The page of all commands, from the commands themselves: what `--help` shows, and the exit codes that a docstring names."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_origin

import typer

from docs_site.generated.markdown import code, page, table, wrapped
from emr_pipelines.cli.main import VERBS, app

PROGRAM = "emr-pipelines"
KINDS = {"int": "whole number", "float": "number", "Path": "path", "datetime": "date"}
INTRODUCTION = (
    "Every verb with its arguments and options, as `emr-pipelines VERB --help` shows them. Exit codes: 0 done, 1 not "
    "done or something to do, 2 wrong usage; 130 after Ctrl-C."
)


def commands_page() -> str:
    """Every verb, in alphabetical order, with those below it."""
    group = typer.main.get_command(app)
    sections = [
        section
        for name in sorted(VERBS)
        for section in _sections(group.get_command(None, name), (PROGRAM, name))  # type: ignore[attr-defined]  # typer's type is that of one command; this one is a group
    ]
    return page("Commands", wrapped(INTRODUCTION), *sections)


def _sections(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    yield _section(command, path)
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from _sections(below, (*path, name))


def _section(command: Any, path: tuple[str, ...]) -> str:
    usage = [" ".join(path), *_usage(command)]
    parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [_row(parameter) for parameter in parameters if parameter.param_type_name == "argument"]
    options = [_row(parameter) for parameter in parameters if parameter.param_type_name == "option"]
    level = "#" * len(path)
    return "\n\n".join(
        part
        for part in (
            f"{level} {' '.join(path[1:])}",
            f"```text\n{' '.join(usage)}\n```",
            _paragraphs(command.help or ""),
            table(("Argument", "Value", "Default", "Meaning"), arguments),
            table(("Option", "Value", "Default", "Meaning"), options),
        )
        if part
    )


def _usage(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = f"{parameter.name.upper()}..." if parameter.nargs == -1 else parameter.name.upper()
            yield name if parameter.required else f"[{name}]"
    yield "COMMAND" if getattr(command, "commands", None) else "[OPTIONS]"


def _row(parameter: Any) -> tuple[str, str, str, str]:
    name = parameter.name.upper() if parameter.param_type_name == "argument" else None
    names = [name] if name else [*parameter.opts, *parameter.secondary_opts]
    return ", ".join(code(one) for one in names), _value(parameter), _default(parameter), parameter.help or ""


def _value(parameter: Any) -> str:
    """What is written after the option, by the annotation of the command's function."""
    annotation = parameter.type_descriptor.annotation
    if get_origin(annotation) is list:
        return f"{_kind(get_args(annotation)[0], parameter)}; may be given again"
    return _kind(annotation, parameter)


def _kind(annotation: Any, parameter: Any) -> str:
    if annotation is bool:
        return ""
    if parameter.metavar:
        return code(parameter.metavar.strip("[].").lower())
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(code(str(member.value)) for member in annotation)
    return KINDS.get(getattr(annotation, "__name__", ""), "text")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if callable(value) or value in (None, False, [], ()):
        return ""
    return code(str(value.value if isinstance(value, Enum) else value))


def _paragraphs(text: str) -> str:
    return "\n\n".join(wrapped(part) for part in inspect.cleandoc(text).split("\n\n"))
