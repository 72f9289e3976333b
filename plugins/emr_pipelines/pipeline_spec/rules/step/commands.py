"""Rules about `command` steps: a list of words that EMR hands to a program. No shell reads it, and nothing of the project lies beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.code_files.references import command_words
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.file_references import is_argument_file
from emr_pipelines.pipeline_spec.project_files.command_scripts import find_command_script
from emr_pipelines.pipeline_spec.rules.files import guess_file

_OF_A_SHELL = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1"})


def check_program_files(context: Context) -> Iterator[RuleViolation]:
    """The script that a command starts, or has a shell or an interpreter read, is a file of the project where it looks like one."""
    for path, step in context.steps():
        words = command_words(context, path, step)
        script = find_command_script([word for _, word in words], lambda word: _is_meant(context, word))
        if script is None:
            continue
        place, word = words[script.index]
        plain = word.removeprefix("./")
        if context.files.is_file(plain):
            fix = f"Write {plain}: a file of the project is named from its root."
            yield RuleViolation(path=place, message=f"{word!r} lies nowhere on the cluster", fix=fix)
        else:
            message = f"the project has no file {plain!r}, and no program lies there on the cluster"
            yield RuleViolation(path=place, message=message, fix=guess_file(plain, context.files))


def _is_meant(context: Context, word: str) -> bool:
    """Whether the word is a path below a folder of the project and, as it stands, names no file there."""
    folder, _, rest = word.removeprefix("./").partition("/")
    return bool(
        folder
        and rest
        and "${" not in word
        and context.files.is_dir(folder)
        and not is_argument_file(word, context.files)
    )


def check_shell_words(context: Context) -> Iterator[RuleViolation]:
    """A pipe or a redirection reaches the program as a text."""
    for path, step in context.steps():
        for place, word in command_words(context, path, step):
            if word in _OF_A_SHELL:
                message = f"{word!r} reaches the program as a text: no shell reads a command"
                fix = 'If a shell is meant, write command: [bash, -c, "…"] with all of it as one text.'
                yield RuleViolation(path=place, message=message, fix=fix)
                break
