"""Syntax that older Pythons do not read, found in a file that this Python reads. Pure.

`ast.parse(feature_version=…)` knows only a part of it, names the line where the statement ends, and refuses `with (open(x)):`, which every Python reads. What is
here was held against Python 3.7 to 3.13 themselves.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Version = tuple[int, int]
_DECORATOR = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(\(.*\))?", re.DOTALL)
_SELF_DOCUMENTING = re.compile(r"\{[^{}]*[^=!<>{}]=\s*(![rsa]\s*)?(:[^{}]*)?\}")
_LOOPS_AND_FUNCTIONS = (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerSyntax:
    """A construct at a line (from 1), and the first Python that reads it."""

    line: int
    what: str
    since: Version


def find_newer_syntax(tree: ast.Module, text: str) -> list[NewerSyntax]:
    """Every construct that came after Python 3.7, in the order of its lines."""
    lines = text.split("\n")  # splitlines() also splits at form feeds, where Python counts no line
    found = [found for node in ast.walk(tree) for found in _of_node(node, lines)]
    found += _of_with_statements(tree, text)
    if sys.version_info >= (3, 12):  # before, this Python itself refuses them
        found += _of_f_strings(text)
    return sorted(found, key=lambda one: (one.line, one.since))


def _of_node(node: ast.AST, lines: Sequence[str]) -> Iterator[NewerSyntax]:
    for kind, applies, what, since in _SYNTAX:
        if isinstance(node, kind) and applies(node, lines):
            yield NewerSyntax(line=_line_of(node), what=what, since=since)
    for decorator in getattr(node, "decorator_list", ()):
        if not _DECORATOR.fullmatch(ast.unparse(decorator)):
            what = "a decorator that is no name or call of one"
            yield NewerSyntax(line=decorator.lineno, what=what, since=(3, 9))
    if isinstance(node, ast.Try | ast.TryStar):
        _mark_continues(node.finalbody)


def _line_of(node: ast.AST) -> int:
    if isinstance(node, ast.arguments):
        return node.posonlyargs[0].lineno
    return getattr(node, "lineno", 1)


def _always(node: Any, lines: Sequence[str]) -> bool:
    return True


def _mark_continues(statements: Sequence[ast.stmt]) -> None:
    """Mark those that leave a finally block; `ast.walk` comes to them after the block's owner."""
    for statement in statements:
        if isinstance(statement, ast.Continue):
            statement.in_finally = True  # type: ignore[attr-defined]
        if not isinstance(statement, _LOOPS_AND_FUNCTIONS):
            for part in ("body", "orelse", "finalbody"):
                _mark_continues(getattr(statement, part, ()))
            for handler in getattr(statement, "handlers", ()):
                _mark_continues(handler.body)


def _documents_itself(node: ast.JoinedStr, lines: Sequence[str]) -> bool:
    pairs = zip(node.values, node.values[1:], strict=False)
    is_near = any(
        isinstance(one, ast.Constant) and str(one.value).rstrip().endswith("=") and isinstance(two, ast.FormattedValue)
        for one, two in pairs
    )
    text = "\n".join(lines[node.lineno - 1 : node.end_lineno]).replace("{{", "").replace("}}", "")
    return is_near and _SELF_DOCUMENTING.search(text) is not None


def _is_open_star(value: ast.expr | None, lines: Sequence[str]) -> bool:
    is_starred = isinstance(value, ast.Tuple) and any(isinstance(one, ast.Starred) for one in value.elts)
    return value is not None and is_starred and _text_from(value, lines)[:1] != "("


def _is_open_walrus(value: ast.expr, lines: Sequence[str]) -> bool:
    if not isinstance(value, ast.NamedExpr):
        return False
    before = lines[value.lineno - 1].encode()[: value.col_offset].decode().rstrip()
    return not before.endswith("(")


def _text_from(node: ast.expr, lines: Sequence[str]) -> str:
    return lines[node.lineno - 1].encode()[node.col_offset :].decode()  # offsets count the bytes of UTF-8


def _of_with_statements(tree: ast.Module, text: str) -> Iterator[NewerSyntax]:
    """`with (open(a) as b, open(c) as d):`. The tree does not tell it from `with open(a) as b, open(c) as d:`."""
    many = {node.lineno: len(node.items) > 1 for node in ast.walk(tree) if isinstance(node, ast.With | ast.AsyncWith)}
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline)) if many and "with" in text else []
    for number, token in enumerate(tokens[:-1]):
        if token.string == "with" and tokens[number + 1].string == "(":
            line = token.start[0]
            if line in many and _is_around_items(tokens[number + 1 :], is_one=not many[line]):
                yield NewerSyntax(line=line, what="parentheses around the items of with", since=(3, 9))


def _is_around_items(tokens: Sequence[tokenize.TokenInfo], *, is_one: bool) -> bool:
    depth, has_comma = 0, False
    for number, token in enumerate(tokens):
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        if depth == 1 and token.string == "as":
            return True
        has_comma = has_comma or (depth == 1 and token.string == ",")
        if depth == 0:
            return has_comma and not is_one and tokens[number + 1].string == ":"
    return False


def _of_f_strings(text: str) -> Iterator[NewerSyntax]:
    """What an f-string's braces may hold since Python 3.12: its own quote, a backslash, a comment, and a new line between single quotes."""
    quotes: list[tuple[str, int]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        outer = quotes[-1] if quotes else None
        if kind == "FSTRING_START":
            if outer and outer[0] in token.string:
                yield _f_string_part("its own quotes", token)
            quotes.append((token.string.lstrip("rRfFbBuU"), token.start[0]))
        elif kind == "FSTRING_END":
            quotes.pop()
        elif outer and kind == "STRING" and (outer[0] in token.string or "\\" in token.string):
            yield _f_string_part("its own quotes or a backslash", token)
        elif outer and (kind == "COMMENT" or (kind == "NL" and len(outer[0]) == 1)):
            yield _f_string_part("a new line or a comment", token)


def _f_string_part(what: str, token: tokenize.TokenInfo) -> NewerSyntax:
    return NewerSyntax(line=token.start[0], what=f"{what} in the braces of an f-string", since=(3, 12))


_Applies = Callable[[Any, Sequence[str]], bool]
# A kind of node, what makes it one that older Pythons do not read, its name for people, and the first Python that reads it.
_SYNTAX: tuple[tuple[Any, _Applies, str, Version], ...] = (
    (ast.NamedExpr, _always, ":=", (3, 8)),
    (ast.arguments, lambda node, _: bool(node.posonlyargs), "a parameter before /", (3, 8)),
    (ast.JoinedStr, _documents_itself, "{…=} in an f-string", (3, 8)),
    (ast.Yield, lambda node, lines: _is_open_star(node.value, lines), "a star in yield without parentheses", (3, 8)),
    (ast.Return, lambda node, lines: _is_open_star(node.value, lines), "a star in return without parentheses", (3, 8)),
    (ast.Continue, lambda node, _: hasattr(node, "in_finally"), "continue in finally", (3, 8)),
    (
        ast.Set,
        lambda node, lines: any(_is_open_walrus(one, lines) for one in node.elts),
        ":= in a set without parentheses",
        (3, 9),
    ),
    (
        (ast.For, ast.AsyncFor),
        lambda node, lines: _is_open_star(node.iter, lines),
        "a star in for without parentheses",
        (3, 9),
    ),
    (ast.Match, _always, "match", (3, 10)),
    (
        ast.Subscript,
        lambda node, lines: _is_open_walrus(node.slice, lines),
        ":= in an index without parentheses",
        (3, 10),
    ),
    (ast.Subscript, lambda node, lines: _is_open_star(node.slice, lines), "a star in an index", (3, 11)),
    (ast.arg, lambda node, _: isinstance(node.annotation, ast.Starred), "a star in an annotation", (3, 11)),
    (ast.TryStar, _always, "except*", (3, 11)),
    (ast.AST, lambda node, _: type(node).__name__ == "TypeAlias", "the type statement", (3, 12)),
    (ast.AST, lambda node, _: bool(getattr(node, "type_params", None)), "type parameters in brackets", (3, 12)),
)
