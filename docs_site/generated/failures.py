"""The page of every sentence by which a failed step is explained, from the tables of `emr/diagnosis`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docs_site.generated.markdown import page, table, wrapped
from emr_pipelines.emr.diagnosis import known_failures, log_lines

GROUP = re.compile(r"\{(\w+)\}")
INTRODUCTION = (
    "When a step fails, its task ends with one of these sentences, which it takes from the step's logs. What stands in "
    "italics is filled in. Any other exception is told in its own words, with its file and line. How the logs are read: "
    "[Why did it fail?](diagnosis.md)."
)
TITLES = {
    "_MEMORY": "Memory and disks",
    "_INFRASTRUCTURE": "Executors and instances",
    "_DEPENDENCIES": "Modules, programs and classes",
    "_ACCESS": "Rights",
    "_FILES": "Files and buckets",
    "_QUERIES": "Tables, columns and functions",
    "_VAGUE": "Where the log says little",
}


def failures_page() -> str:
    """Every sentence, with what to do."""
    sections = [
        f"## {title}\n\n{_table((known.words, known.advice) for known in getattr(known_failures, name))}"
        for name, title in TITLES.items()
    ]
    lines = [(words, advice) for words, _, advice in (text.partition("; ") for _, text in log_lines._LINES)]
    exits = [(words, advice) for words, _, advice in (text.partition("; ") for _, text in log_lines._EXITS)]
    return page(
        "Sentences about failures",
        wrapped(INTRODUCTION),
        *sections,
        f"## Lines of a log without an exception\n\n{_table(line for line in lines if line[0] != '{problem}')}",
        f"## Exit codes\n\n{_table(exits)}",
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    unique = dict.fromkeys((_shown(words), _shown(advice)) for words, advice in rows)
    return table(("What it says", "What to do"), unique)


def _shown(text: str) -> str:
    """The sentence with what is filled in as italics; of two alternatives that stand side by side the first."""
    text = re.sub(r"(\{\w+\})\{\w+\}", r"\1", text)
    return GROUP.sub(r"*\1*", text[:1].upper() + text[1:])
