"""The difference of two JSON values by key path, with lists compared by what their items are, not by where they stand. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ChangeKind = Literal["added", "removed", "changed"]
# What names an item of a list in EMR's requests and in a plan; the first that all items have, each another one.
_IDENTITIES = ("Key", "Classification", "InstanceFleetType", "InstanceRole", "InstanceType", "Name", "name", "rule")
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One value that differs: `path` leads to it, as in `Instances.InstanceFleets[CORE].TargetSpotCapacity`."""

    kind: ChangeKind
    path: str
    old: Any = None
    new: Any = None


def changes_between(old: Any, new: Any, path: str = "") -> Iterator[ValueChange]:
    """Every value that differs; a key that is absent equals one that holds nothing."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _changes_of_keys(old, new, path, "{}.{}" if path else "{}{}")
    elif isinstance(old, list) and isinstance(new, list):
        yield from _changes_of_lists(old, new, path)
    elif old != new:
        yield _change(path, old, new)


def _change(path: str, old: Any, new: Any) -> ValueChange:
    kind: ChangeKind = "added" if old in _NOTHING else "removed" if new in _NOTHING else "changed"
    return ValueChange(kind=kind, path=path, old=old, new=new)


def _changes_of_keys(old: Mapping[str, Any], new: Mapping[str, Any], path: str, form: str) -> Iterator[ValueChange]:
    """The changes below each key, in the order of the old value; `form` makes a path of this one and a key."""
    for key in dict.fromkeys((*old, *new)):
        before, after, inner = old.get(key), new.get(key), form.format(path, key)
        if before in _NOTHING or after in _NOTHING:
            # A list or a map that appears as a whole is one change, not one for each value in it.
            if before not in _NOTHING or after not in _NOTHING:
                yield _change(inner, before, after)
        else:
            yield from changes_between(before, after, inner)


def _changes_of_lists(old: list[Any], new: list[Any], path: str) -> Iterator[ValueChange]:
    before, after = _keyed(old, new)
    yield from _changes_of_keys(before, after, path, "{}[{}]")
    kept = [key for key in before if key in after]
    moved = [key for key in after if key in before]
    if kept != moved:
        yield ValueChange(kind="changed", path=f"{path} (order)", old=kept, new=moved)


def _keyed(old: list[Any], new: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both lists as maps from what an item is to the item."""
    items = [*old, *new]
    if all(isinstance(item, Mapping) for item in items):
        for identity in _IDENTITIES:
            if _names_all(old, identity) and _names_all(new, identity):
                return {item[identity]: item for item in old}, {item[identity]: item for item in new}
    if all(isinstance(item, str) for item in items):
        return _arguments(old), _arguments(new)
    return {str(place): item for place, item in enumerate(old)}, {str(place): item for place, item in enumerate(new)}


def _names_all(items: list[Any], identity: str) -> bool:
    names = [item.get(identity) for item in items]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _arguments(words: Sequence[str]) -> dict[str, str]:
    """A command line by its options: `--conf a=1` is the value 1 of `--conf a`; words without an option go by their place among each other."""
    named: dict[str, str] = {}
    plain = 0
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            name, value = str(plain), word
            plain += 1
        elif rest and not rest[0].startswith("-"):
            name, value = _option(word, rest.pop(0))
        else:
            name, value = _option(word, None)
        named[_unused(name, named)] = value
    return named


def _option(option: str, value: str | None) -> tuple[str, str]:
    text, equals, setting = (option if value is None else value).partition("=")
    if value is None:
        return (text, setting) if equals else (option, "given")
    return (f"{option} {text}", setting) if equals else (option, value)


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    """The name, numbered from the second of the same name on."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} #{number}"
    return free
