"""Turns YAML and JSON text into a `Document`. The only module that imports yaml; knows nothing of specs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.reading.document import Document, Mark, Path, dotted
from emr_pipelines.pipeline_spec.reading.scalars import SCALAR_TAGS, Unclear, read_plain, refuse_unseen
from emr_pipelines.pipeline_spec.reading.syntax_messages import describe_syntax_error, syntax_problem

MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_VALUES = 20_000
_MERGE = "tag:yaml.org,2002:merge"
_UNSEEN_BREAK = re.compile("[\x85\u2028\u2029]")
_JINJA_FIX = "Use ${env.…}, ${run.…}, ${params.…} or ${steps.….output}, in quotes."
_CONTAINERS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def read_document(text: str, file: str, *, is_json: bool) -> tuple[Document, list[Problem]]:
    """Read one document and all problems of its text; after a syntax error the document is empty and broken as a whole."""
    empty = Document(file=file, value={}, broken=frozenset([()]))
    breaks = list(_find_unseen_breaks(text, file))
    node = _compose(text, file)
    if isinstance(node, Problem):
        return empty, [*breaks, node]
    reader = _Reader(file, is_json)
    reader.problems += breaks
    value = reader.read(node, (), ())
    if reader.count > MAX_VALUES:
        message = f"the file holds more than {MAX_VALUES:,} values once its aliases are written out"
        return empty, [syntax_problem(file, message, "Make it smaller.")]
    if not isinstance(value, dict):
        return empty, reader.problems
    broken = frozenset(reader.broken)
    return Document(file=file, value=value, keys=reader.keys, values=reader.values, broken=broken), reader.problems


def _compose(text: str, file: str) -> Any:
    """The node of the document, or the problem for which there is none."""
    try:
        problem = next(_find_stream_problems(text, file), None)
        node = None if problem else yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        return describe_syntax_error(error, text, file)
    if problem:
        return problem
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return syntax_problem(file, "the file is empty", "Write the keys of the spec, or delete the file.")
    if not isinstance(node, yaml.MappingNode):
        what = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        return _problem(
            file, node, (), f"the file holds {what} at the top, not keys with values", "Start with `name: …`."
        )
    return node


def _find_unseen_breaks(text: str, file: str) -> Iterator[Problem]:
    """The first character that breaks the line to YAML, which folds it and the spaces around it, and to nobody else."""
    found = _UNSEEN_BREAK.search(text)
    if found:
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        code = f"{ord(found.group()):04X}"
        message = f"the character U+{code} stands here, which YAML reads as a line break"
        fix = "Remove it." if found.group() == "\x85" else f'Remove it, or write "\\u{code}" in double quotes.'
        yield syntax_problem(file, message, fix, line, column)


def _find_stream_problems(text: str, file: str) -> Iterator[Problem]:
    """What must be refused before nodes are built (the first is enough): nesting too deep for the stack, alias bombs, several documents."""
    depth = aliases = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        aliases += isinstance(event, yaml.AliasEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MAX_DEPTH:
            yield _problem(file, event, (), f"values are nested more than {MAX_DEPTH} deep", "Flatten the value.")
        if aliases > MAX_ALIASES:
            yield _problem(file, event, (), f"more than {MAX_ALIASES} aliases (`*name`)", "Write the values out.")
        if documents > 1:
            yield _problem(file, event, (), "a second document starts here (`---`)", "Keep one document per file.")


def _problem(file: str, node: Any, path: Path, message: str, fix: str) -> Problem:
    mark = node.start_mark
    return Problem(
        file=file,
        line=mark.line + 1,
        column=mark.column + 1,
        path=dotted(path),
        message=message,
        fix=fix,
        rule="syntax",
    )


class _Reader:
    """Converts nodes to plain values and collects marks and problems on the way."""

    def __init__(self, file: str, is_json: bool) -> None:
        self.file = file
        self.is_json = is_json
        self.keys: dict[Path, Mark] = {}
        self.values: dict[Path, Mark] = {}
        self.broken: set[Path] = set()
        self.problems: list[Problem] = []
        self.count = 0

    def read(self, node: Any, path: Path, ancestors: tuple[int, ...]) -> Any:
        """The plain value of a node; None, with a problem, when it has none."""
        self.count += 1
        if self.count > MAX_VALUES:
            return None
        self.values[path] = self._mark(node)
        try:
            return self._read_value(node, path, ancestors)
        except Unclear as unclear:
            self.broken.add(path)
            self._report(node, path, unclear)
            return None

    def _read_value(self, node: Any, path: Path, ancestors: tuple[int, ...]) -> Any:
        if id(node) in ancestors:
            raise Unclear("an alias that contains itself", "Write the value out.")
        if isinstance(node, yaml.ScalarNode):
            return self._read_scalar(node)
        if node.tag not in _CONTAINERS:
            raise Unclear(f"the tag {node.tag!r} is not allowed", "Remove the tag.")
        inside = (*ancestors, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._read_map(node, path, inside)
        return [self.read(item, (*path, index), inside) for index, item in enumerate(node.value)]

    def _read_map(self, node: Any, path: Path, ancestors: tuple[int, ...]) -> dict[str, Any]:
        if _is_jinja(node):
            raise Unclear("`{{ … }}` is Jinja, which a spec does not have", _JINJA_FIX)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            try:
                key = _read_key(key_node)
            except Unclear as unclear:
                self._report(key_node, path, unclear)
                continue
            inner = (*path, key)
            if key in result:
                self._report(key_node, inner, _twice(key, self.keys[inner]))
                continue
            self.keys[inner] = self._mark(key_node)
            result[key] = self.read(value_node, inner, ancestors)
        return result

    def _read_scalar(self, node: Any) -> Any:
        # libyaml gives a plain scalar the style '' and a quoted one its quote.
        if self.is_json and not node.style:
            return _read_json_scalar(node.value)
        if node.tag not in SCALAR_TAGS:
            raise Unclear(f"the tag {node.tag!r} is not allowed", "Remove the tag.")
        refuse_unseen(node.value)
        return read_plain(node.tag, node.value)

    def _mark(self, node: Any) -> Mark:
        return Mark(file=self.file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)

    def _report(self, node: Any, path: Path, unclear: Unclear) -> None:
        self.problems.append(_problem(self.file, node, path, unclear.message, unclear.fix))


def _read_key(node: Any) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise Unclear("a key must be a text, not a list or a map", "Write the key as a text.")
    if node.tag == _MERGE:
        fix = "Write the keys out; defaults of clusters belong in config/environments."
        raise Unclear("the merge key `<<` is not supported", fix)
    if node.tag != "tag:yaml.org,2002:str":
        raise Unclear(f"the key {node.value!r} is read as {_kind(node)}, not as text", f'Quote it: "{node.value}".')
    refuse_unseen(node.value)
    if not node.value.isprintable():
        raise Unclear(f"the key {node.value!r} holds a character that cannot be seen", "Write what can be read.")
    return str(node.value)


def _read_json_scalar(text: str) -> Any:
    """A number, true, false or null; their spelling in JSON is not always that of YAML."""
    value = json.loads(text)
    if isinstance(value, float) and not math.isfinite(value):
        raise Unclear(f"{text} is not a finite number", "Write a number, or a text in quotes.")
    return value


def _twice(key: str, first: Mark) -> Unclear:
    message = f"the key {key!r} is here twice; the first is in line {first.line}, column {first.column}"
    return Unclear(message, "Remove one of them.")


def _is_jinja(node: Any) -> bool:
    """`{{ ds }}` without quotes is, to YAML, a map whose key is a map."""
    return bool(node.flow_style) and any(isinstance(key, yaml.MappingNode) and key.flow_style for key, _ in node.value)


def _kind(node: Any) -> str:
    kind = str(node.tag).rpartition(":")[2]
    return {"bool": "true or false", "int": "a number", "float": "a number", "null": "null", "timestamp": "a date"}.get(
        kind, kind
    )
