"""Turns YAML and JSON text into a `Document`. The only module that imports yaml; knows nothing of specs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from emr_pipelines.errors import Problem
from emr_pipelines.spec.document import Document, Mark, Path, dotted
from emr_pipelines.spec.scalars import SCALAR_TAGS, Unclear, read_plain
from emr_pipelines.spec.syntax_wording import describe_syntax_error

MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_VALUES = 50_000
_MERGE = "tag:yaml.org,2002:merge"
_CONTAINERS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def read_document(text: str, file: str, *, is_json: bool) -> tuple[Document, list[Problem]]:
    """Read one document and all problems of its text; after a syntax error the document is empty and broken as a whole."""
    empty = Document(file=file, value={}, broken=frozenset([()]))
    try:
        problems = list(_find_stream_problems(text, file))
        node = None if problems else yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        return empty, [describe_syntax_error(error, text, file)]
    if problems:
        return empty, problems
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return empty, [Problem(file=file, message="the file is empty", fix="Write the keys of the spec, or delete the file.", rule="syntax")]
    if not isinstance(node, yaml.MappingNode):
        what = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        return empty, [_problem(file, node, (), f"the file holds {what} at the top, not keys with values", "Start with `name: …`.")]
    reader = _Reader(file, is_json)
    value = reader.read(node, (), ())
    return Document(file=file, value=value, keys=reader.keys, values=reader.values, broken=frozenset(reader.broken)), reader.problems


def _find_stream_problems(text: str, file: str) -> Iterator[Problem]:
    """What must be refused before nodes are built: nesting too deep for the stack, alias bombs, several documents."""
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
            return
        if aliases > MAX_ALIASES:
            yield _problem(file, event, (), f"more than {MAX_ALIASES} aliases (`*name`)", "Write the values out.")
            return
        if documents > 1:
            yield _problem(file, event, (), "a second document starts here (`---`)", "Keep one document per file.")
            return


def _problem(file: str, node: Any, path: Path, message: str, fix: str) -> Problem:
    mark = node.start_mark
    return Problem(file=file, line=mark.line + 1, column=mark.column + 1, path=dotted(path), message=message, fix=fix, rule="syntax")


class _Reader:
    """Converts nodes to plain values and collects marks and problems on the way."""

    def __init__(self, file: str, is_json: bool) -> None:
        self.file = file
        self.is_json = is_json
        self.keys: dict[Path, Mark] = {}
        self.values: dict[Path, Mark] = {}
        self.broken: set[Path] = set()
        self.problems: list[Problem] = []
        self._count = 0

    def read(self, node: Any, path: Path, ancestors: tuple[int, ...]) -> Any:
        """The plain value of a node; None, with a problem, when it has none."""
        self._count += 1
        self.values[path] = self._mark(node)
        if self._count > MAX_VALUES:
            return self._refuse_size(node, path)
        if id(node) in ancestors:
            return self._refuse(node, path, "an alias that contains itself", "Write the value out.")
        if isinstance(node, yaml.ScalarNode):
            return self._read_scalar(node, path)
        if node.tag not in _CONTAINERS:
            return self._refuse(node, path, f"the tag {node.tag!r} is not allowed", "Remove the tag.")
        if isinstance(node, yaml.MappingNode):
            return self._read_map(node, path, (*ancestors, id(node)))
        return [self.read(item, (*path, index), (*ancestors, id(node))) for index, item in enumerate(node.value)]

    def _read_map(self, node: Any, path: Path, ancestors: tuple[int, ...]) -> dict[str, Any] | None:
        if self._is_jinja(node):
            return self._refuse(node, path, "`{{ … }}` is Jinja, which a spec does not have", "Use ${env.…}, ${run.…}, ${params.…} or ${steps.….output}, in quotes.")
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._read_key(key_node, path)
            if key is None:
                continue
            inner = (*path, key)
            if key in result:
                first = self.keys[inner]
                self.problems.append(_problem(self.file, key_node, inner, f"the key {key!r} is here twice; the first is in line {first.line}, column {first.column}", "Remove one of them."))
                continue
            self.keys[inner] = self._mark(key_node)
            result[key] = self.read(value_node, inner, ancestors)
        return result

    def _read_key(self, node: Any, path: Path) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            return self._report(node, path, "a key must be a text, not a list or a map", "Write the key as a text.")
        if node.tag == _MERGE:
            return self._report(node, path, "the merge key `<<` is not supported", "Write the keys out; defaults of clusters belong in config/environments.")
        if node.tag != "tag:yaml.org,2002:str":
            return self._report(node, path, f"the key {node.value!r} is read as {_kind(node)}, not as text", f'Quote it: "{node.value}".')
        return str(node.value)

    def _read_scalar(self, node: Any, path: Path) -> Any:
        if self.is_json:
            # libyaml gives a plain scalar the style '' and a quoted one its quote.
            return node.value if node.style else json.loads(node.value)
        if node.tag not in SCALAR_TAGS:
            return self._refuse(node, path, f"the tag {node.tag!r} is not allowed", "Remove the tag.")
        try:
            return read_plain(node.tag, node.value)
        except Unclear as unclear:
            return self._refuse(node, path, unclear.message, unclear.fix)

    def _is_jinja(self, node: Any) -> bool:
        """`{{ ds }}` without quotes is, to YAML, a map whose key is a map."""
        return bool(node.flow_style) and any(isinstance(key, yaml.MappingNode) and key.flow_style for key, _ in node.value)

    def _mark(self, node: Any) -> Mark:
        return Mark(file=self.file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)

    def _report(self, node: Any, path: Path, message: str, fix: str) -> None:
        self.problems.append(_problem(self.file, node, path, message, fix))

    def _refuse(self, node: Any, path: Path, message: str, fix: str) -> None:
        self.broken.add(path)
        self._report(node, path, message, fix)

    def _refuse_size(self, node: Any, path: Path) -> None:
        if self._count == MAX_VALUES + 1:
            self._report(node, (), f"the file holds more than {MAX_VALUES} values once its aliases are written out", "Make it smaller.")
        self.broken.add(path[:1])


def _kind(node: Any) -> str:
    kind = str(node.tag).rpartition(":")[2]
    return {"bool": "true or false", "int": "a number", "float": "a number", "null": "null", "timestamp": "a date"}.get(kind, kind)
