"""A Python file as it reads: what it imports, whether this Python can read it, and what older ones cannot. Imports and runs nothing."""

from __future__ import annotations

import ast
import io
import stat
import sys
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from emr_pipelines.pipeline_spec.project_files.newer_syntax import NewerSyntax, Version, find_newer_syntax

OWN_VERSION: Version = (sys.version_info.major, sys.version_info.minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong at a line of a file; lines count from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSource:
    """One file. `imports` are the first parts of all absolute imports; `flaw` is why this Python cannot read it, and then nothing else is known of it.

    `local_masters` are the lines that set a Spark master such as `local[1]`.
    """

    imports: tuple[str, ...] = ()
    flaw: Flaw | None = None
    newer: tuple[NewerSyntax, ...] = ()
    local_masters: tuple[int, ...] = ()


def read_python(file: Path) -> PythonSource:
    """The file, read once for each of its versions; what is no file (a device has no end) imports nothing and has no flaw."""
    try:
        status = file.stat()
    except (OSError, ValueError):  # ValueError: a null byte in the name
        return PythonSource()
    if not stat.S_ISREG(status.st_mode):
        return PythonSource()
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read(file: Path, modified_ns: int, size: int) -> PythonSource:
    """The steps of a pipeline share a package as a rule: each version of its files is parsed once, not once per step."""
    try:
        return parse_python(file.read_bytes())
    except OSError:
        return PythonSource()


def parse_python(content: bytes) -> PythonSource:
    """What a file of these bytes is."""
    try:
        text = _decode(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape is no reason not to run it
            tree = ast.parse(content)
            compile(tree, "<file>", "exec", dont_inherit=True)  # finds a `return` outside of a function, too
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return PythonSource(flaw=Flaw(line=line, message=f"not {error.encoding}, and no coding: in its first lines"))
    except SyntaxError as error:
        return PythonSource(flaw=Flaw(line=max(1, error.lineno or 1), message=error.msg))
    except (ValueError, RecursionError, MemoryError) as error:  # ValueError: null bytes
        return PythonSource(flaw=Flaw(line=1, message=str(error) or "nested too deeply"))
    return PythonSource(
        imports=tuple(sorted(set(_absolute_imports(tree)))),
        newer=_newer_syntax(tree, text),
        local_masters=tuple(sorted(_local_masters(tree))) if "local" in text else (),
    )


def _newer_syntax(tree: ast.Module, text: str) -> tuple[NewerSyntax, ...]:
    try:
        return tuple(find_newer_syntax(tree, text))
    except tokenize.TokenError:  # the tokenizer in Python is stricter than the parser: left to the run
        return ()


def _decode(content: bytes) -> str:
    """The text as Python reads it, CR LF and CR as LF. A file has UTF-8, unless its first lines say otherwise."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return io.TextIOWrapper(io.BytesIO(content), encoding).read()


def _absolute_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _local_masters(tree: ast.Module) -> Iterator[int]:
    """Lines such as `.master("local[1]")`, `.setMaster("local")`, `.config("spark.master", "local[*]")`, `SparkContext("local", "name")`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        values = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "master")]
        texts = [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        is_setter = name in ("master", "setMaster", "SparkContext") or texts[:1] == ["spark.master"]
        if is_setter and any(text == "local" or text.startswith("local[") for text in texts):
            yield node.func.end_lineno or node.lineno
