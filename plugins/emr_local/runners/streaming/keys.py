"""Keys as Hadoop sees them: cut from lines, hashed to partitions, compared by fields. Pure; works on bytes and decodes nothing it need not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

Key = bytes | int  # an int is a line's offset, Hadoop's LongWritable
Pair = tuple[Key, bytes]

_INT_MAX = 0x7FFFFFFF
_WORD = 0xFFFFFFFF
_POSITION = re.compile(r"(\d+)(?:\.(\d+))?([nr]*)(?:,(\d+)(?:\.(\d+))?([nr]*))?")
_NUMBER = re.compile(rb"-?(?:\d+(?:\.\d*)?|\.\d+)")
_KEY_CACHE = 1 << 16


def split_line(line: bytes, separator: bytes, key_fields: int) -> tuple[bytes, bytes]:
    """Cut a line at the separator after so many fields; a line with fewer is all key, its value empty."""
    cut = line.find(separator)
    for _ in range(key_fields - 1):
        if cut < 0:
            break
        cut = line.find(separator, cut + len(separator))
    return (line, b"") if cut < 0 else (line[:cut], line[cut + len(separator) :])


def key_text(key: Key) -> bytes:
    """Write a key as text."""
    return key if isinstance(key, bytes) else b"%d" % key


def hash_text(key: bytes, start: int = 1) -> int:
    """Give the hash of Hadoop's Text (from 1) or of a field of KeyFieldBasedPartitioner (from 0), as an unsigned 32-bit word."""
    code = start
    for byte in key:
        code = (31 * code + (byte if byte < 128 else byte - 256)) & _WORD
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyField:
    """One `-k pos1[,pos2]` of a key specification; positions count from 1, an end of 0 is the key's or the field's end."""

    begin_field: int = 1
    begin_char: int = 1
    end_field: int = 0
    end_char: int = 0
    numeric: bool = False
    reverse: bool = False

    def cut(self, key: bytes, separator: bytes) -> bytes | None:
        """Give the part of a key that this names; None if the key has no such field."""
        fields = key.split(separator)
        if len(fields) < self.begin_field:
            return None
        begin = _start_of(fields, self.begin_field, separator) + self.begin_char - 1
        if begin >= len(key):
            return None
        end = len(key)
        if 0 < self.end_field <= len(fields):
            whole_field = len(fields[self.end_field - 1]) if self.end_char == 0 else 0
            end = min(end, _start_of(fields, self.end_field, separator) + whole_field + self.end_char)
        return key[begin:end]


def _start_of(fields: list[bytes], number: int, separator: bytes) -> int:
    return sum(len(field) + len(separator) for field in fields[: number - 1])


def parse_key_fields(options: str) -> list[KeyField]:
    """Read `-k1,2 -k3nr -n -r` as Hadoop's KeyFieldHelper does."""
    words = re.sub(r"-k\s+", "-k", options).split()
    overall = "".join(word[1:] for word in words if word in ("-n", "-r", "-nr"))
    found = []
    for word in words:
        if word.startswith("-k"):
            match = _POSITION.fullmatch(word[2:])
            if match is None:
                raise ValueError(
                    f"Invalid -k argument {word!r}. Must be of the form -k pos1,[pos2], where pos is of the form f[.c]nr"
                )
            begin, begin_char, first, end, end_char, second = match.groups()
            order = (first + (second or "")) or overall
            found.append(
                KeyField(
                    begin_field=int(begin),
                    begin_char=int(begin_char or 1),
                    end_field=int(end or 0),
                    end_char=int(end_char or 0),
                    numeric="n" in order,
                    reverse="r" in order,
                )
            )
    return found or [KeyField(numeric="n" in overall, reverse="r" in overall)]


def make_partitioner(partitions: int, fields: list[KeyField] | None, separator: bytes) -> Callable[[Key], int]:
    """Give the function from a key to its partition: by the whole key's hash, or (with fields) as KeyFieldBasedPartitioner."""
    if partitions <= 1:
        return lambda key: 0

    @lru_cache(maxsize=_KEY_CACHE)
    def partition(key: Key) -> int:
        if isinstance(key, int):
            code = key & _WORD
        elif fields is None:
            code = hash_text(key)
        else:
            code = _hash_fields(key, fields, separator)
        return (code & _INT_MAX) % partitions

    return partition


def _hash_fields(key: bytes, fields: Iterable[KeyField], separator: bytes) -> int:
    code = 0
    for field in fields:
        code = hash_text(field.cut(key, separator) or b"", code)
    return code


def make_sort_key(fields: list[KeyField] | None, separator: bytes) -> Callable[[Key], Any]:
    """Give the function whose values order the keys: themselves (bytes as unsigned numbers), or by fields as KeyFieldBasedComparator."""
    if fields is None:
        return lambda key: key

    def order(key: Key) -> tuple[Any, ...]:
        return tuple(_rank(field, field.cut(key_text(key), separator)) for field in fields)

    return order


def _rank(field: KeyField, part: bytes | None) -> tuple[Any, ...]:
    """Give what orders one field: a missing one comes first, and last in reverse."""
    if part is None:
        return (2,) if field.reverse else (0,)
    if field.numeric:
        number = _NUMBER.match(part)
        value = Decimal(number[0].decode()) if number else Decimal(0)
        tie = part[0] if part and not value else 0  # Hadoop orders what is no number by its first byte
        return (1, -value, -tie) if field.reverse else (1, value, tie)
    if field.reverse:
        return (1, (*(255 - byte for byte in part), 256))  # 256: what is longer comes first
    return (1, part)
