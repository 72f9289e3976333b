"""Which word of a command is a script of the project, and whether EMR can run it. Pure.

A file of the project lies on S3 in a run. EMR's script-runner.jar fetches a script from there and starts it; a shell or an interpreter of the node cannot open its
address. AWS: "Run commands and scripts on an Amazon EMR cluster" (emr-commandrunner).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.project_files.program_text import SHELLS

_WRAPPERS = frozenset({"env", "exec", "nice", "nohup", "sudo", "time"})
_INTERPRETER = re.compile(r"python[\d.]*|perl|ruby|Rscript|node|php|source|\.")
# After these the next word is code or a module, not a script; and those whose next word is their value.
_CODE_FOLLOWS = re.compile(r"-|-[cem]|-s|--eval")
_SHELL_CODE_FOLLOWS = re.compile(r"-|-\w*[cs]")
_VALUE_FOLLOWS = re.compile(r"-[WXr]|-\w*[oO]|\+[oO]|--(rcfile|init-file)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandScript:
    """The script of a command: its place among the words, the program before it (empty for none), and whether script-runner can do the same."""

    index: int
    program: str
    is_runnable: bool


def find_command_script(words: Sequence[str], is_file: Callable[[str], bool]) -> CommandScript | None:
    """The file of the project that a command starts, or has an interpreter of the node read; None for any other command.

    `is_file` tells which words are files of the project. What other programs do with a file's address is their affair: many read s3://.
    """
    first = _first_after_wrappers(words)
    if first == len(words):
        return None
    if is_file(words[first]):
        return CommandScript(index=first, program="", is_runnable=first == 0)
    program = words[first].rpartition("/")[2]
    if program not in SHELLS and not _INTERPRETER.fullmatch(program):
        return None
    place = _first_operand(words, first + 1, is_shell=program in SHELLS)
    if place is None or not is_file(words[place]):
        return None
    is_plain = first == 0 and place == 1 and program in SHELLS
    return CommandScript(index=place, program=program, is_runnable=is_plain)


def _first_after_wrappers(words: Sequence[str]) -> int:
    place, is_wrapped = 0, False
    while place < len(words):
        word = words[place]
        is_wrapper = word.rpartition("/")[2] in _WRAPPERS
        if not is_wrapper and not (is_wrapped and (word.startswith("-") or "=" in word)):
            break
        is_wrapped = True
        place += 1
    return place


def _first_operand(words: Sequence[str], start: int, *, is_shell: bool) -> int | None:
    """The place of the first word that is no option; None where code follows instead."""
    code_follows = _SHELL_CODE_FOLLOWS if is_shell else _CODE_FOLLOWS
    place = start
    while place < len(words):
        word = words[place]
        if code_follows.fullmatch(word):
            return None
        if not word.startswith(("-", "+")):
            return place
        place += 2 if _VALUE_FOLLOWS.fullmatch(word) else 1
    return None
