"""Counters of a streaming job: those of the framework, and those that programs report on stderr. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")
FRAMEWORK = "Map-Reduce Framework"
_FRAMEWORK_ORDER = (
    "Map input records",
    "Map output records",
    "Combine input records",
    "Combine output records",
    "Reduce input groups",
    "Reduce input records",
    "Reduce output records",
)
_REPORT_FIELDS = 3


class Counters:
    """Amounts by group and name."""

    def __init__(self) -> None:
        self.amounts: Counter[tuple[str, str]] = Counter()

    def count(self, name: str, items: Iterable[_Item]) -> Iterator[_Item]:
        """Count a framework counter along an iteration."""
        number = 0
        try:
            for item in items:
                number += 1
                yield item
        finally:
            self.amounts[FRAMEWORK, name] += number

    def take_report(self, report: bytes) -> str | None:
        """Add `counter:group,name,amount`; pass over `status:…`; for anything else say what is wrong with it."""
        kind, _, rest = report.decode("utf-8", "replace").partition(":")
        if kind == "status":
            return None
        if kind != "counter":
            return "Cannot parse reporter line"
        fields = rest.strip().split(",")
        if len(fields) != _REPORT_FIELDS:
            return "Cannot parse counter line"
        try:
            self.amounts[fields[0], fields[1]] += int(fields[2])
        except ValueError:
            return f"Cannot parse counter increment {fields[2]!r} from line"
        return None


def format_counters(amounts: Counter[tuple[str, str]]) -> str:
    """Write counters as Hadoop's job client does."""
    groups: dict[str, list[str]] = {FRAMEWORK: [name for name in _FRAMEWORK_ORDER if (FRAMEWORK, name) in amounts]}
    for group, name in sorted(amounts):
        if name not in groups.setdefault(group, []):
            groups[group].append(name)
    lines = [f"Counters: {len(amounts)}"]
    for group, names in sorted(groups.items()):
        if names:
            lines += [f"\t{group}", *(f"\t\t{name}={amounts[group, name]}" for name in names)]
    return "\n".join(lines)
