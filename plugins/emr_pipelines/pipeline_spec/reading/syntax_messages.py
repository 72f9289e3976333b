"""Says in plain words what is wrong with the syntax of a YAML or JSON text. Pure."""

from __future__ import annotations

import json
from typing import Any

from emr_pipelines.errors import Problem

_JINJA_FIX = "Jinja is not used in specs; write ${env.…}, ${run.…}, ${params.…} or ${steps.….output}, in quotes."
_YAML_SENTENCES = (
    (
        "undefined alias",
        "an alias (`*name`) stands here, but no anchor (`&name`) of that name stands before it",
        "Quote the text if it is no alias.",
    ),
    (
        "expected alphabetic or numeric",
        "`*` and `&` begin an alias or an anchor, whose name must follow",
        "Quote the text.",
    ),
    (
        "mapping values are not allowed",
        "a `: ` stands where no key can be",
        "Quote a text that holds a colon, and check the indentation.",
    ),
    ("cannot start any token", "this character cannot start a value", "Quote the text."),
    (
        "could not find expected ':'",
        "a key without `: `",
        "Write `key: value`, and `- item` with a space after the dash.",
    ),
    (
        "did not find expected ',' or '}'",
        "a `{` is not closed, or a text inside `{ }` needs quotes",
        "Quote texts that hold ${…}, commas or braces.",
    ),
    (
        "did not find expected ',' or ']'",
        "a `[` is not closed, or a text inside `[ ]` needs quotes",
        "Quote texts that hold ${…}, commas, colons or brackets.",
    ),
    (
        "did not find expected key",
        "the indentation does not fit, or text follows a closing quote",
        "Align the keys of one map, and quote a text as a whole.",
    ),
    (
        "did not find expected '-' indicator",
        "the indentation of this list does not fit",
        "Align the dashes of one list.",
    ),
    ("unexpected end of stream", "a quote is not closed", "Close the quote."),
    (
        "invalid Unicode character escape",
        "an escape of half a character, or of one beyond \\uFFFF in two halves",
        "Write the character itself.",
    ),
    (
        "unknown escape character",
        "a backslash in double quotes starts an escape that does not exist",
        "Use single quotes, or write \\\\ for a backslash.",
    ),
)


def syntax_problem(file: str, message: str, fix: str, line: int = 0, column: int = 0) -> Problem:
    """A problem of a text as such, before it means anything."""
    return Problem(file=file, line=line, column=column, message=message, fix=fix, rule="syntax")


def describe_syntax_error(error: Any, text: str, file: str) -> Problem:
    """The problem for an error of the YAML parser."""
    # An unclosed quote is found at the end of the file; where it was opened helps more.
    places = (
        ("context_mark", "problem_mark")
        if "end of stream" in str(getattr(error, "problem", ""))
        else ("problem_mark", "context_mark")
    )
    mark = next((found for found in (getattr(error, place, None) for place in places) if found), None)
    if mark is None:
        return _describe_bad_character(error, text, file)
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    message, fix = _yaml_sentence(str(getattr(error, "problem", error)), line)
    return syntax_problem(file, message, fix, mark.line + 1, mark.column + 1)


def _yaml_sentence(parser_words: str, line: str) -> tuple[str, str]:
    if "{{" in line or "{%" in line or "{#" in line:
        return "this is Jinja", _JINJA_FIX
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab is used for indentation", "Indent with spaces."
    for known, message, fix in _YAML_SENTENCES:
        if known in parser_words:
            return message, fix
    return f"this is not YAML: {parser_words}", "Check quotes, brackets and indentation."


def _describe_bad_character(error: Any, text: str, file: str) -> Problem:
    # libyaml counts bytes.
    before = text.encode()[: getattr(error, "position", 0)].decode(errors="ignore")
    fix = "Remove it; in double quotes it can be written as an escape such as \\x07."
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return syntax_problem(file, "a control character stands here", fix, line, column)


def check_json(text: str, file: str) -> Problem | None:
    """The problem of a text that is not JSON, if it is not."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        message, fix = _json_sentence(error, text)
        return syntax_problem(file, message, fix, error.lineno, error.colno)
    except RecursionError:
        return syntax_problem(file, "values are nested too deep", "Flatten the value.")
    except ValueError:
        return syntax_problem(file, "a number has too many digits", "Write a smaller number.")
    return None


def _json_sentence(error: json.JSONDecodeError, text: str) -> tuple[str, str]:
    here = text[error.pos : error.pos + 1]
    before = text[: error.pos].rstrip()[-1:]
    if (before == "," and here in "}]") or (here == "," and text[error.pos + 1 :].lstrip()[:1] in ("}", "]")):
        return "a comma before a closing bracket", "Remove the comma."
    if not text.strip():
        return "the file is empty", "Write the keys of the spec, or delete the file."
    if here == "'":
        return "a single quote", 'JSON uses double quotes: "text".'
    if here in ("#", "/"):
        return "a comment, which JSON does not have", "Remove it, or write the spec as YAML."
    if error.msg.startswith("Extra data"):
        return "text after the end of the document", "Keep one document per file."
    if error.msg.startswith("Invalid control character"):
        return "a tab or a line break inside a text", "Write \\t or \\n."
    return f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}", "Check quotes, commas and brackets."
