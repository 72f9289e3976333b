"""Keys are hashed, cut and ordered as by Hadoop's own classes; the expected numbers were printed by them."""

from __future__ import annotations

import pytest

from emr_local.runners.streaming.keys import (
    hash_text,
    make_partitioner,
    make_sort_key,
    parse_key_fields,
    split_line,
)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (b"", 1),
        (b"hello", 127791473),
        ("Motörhead".encode(), 1476704366),
        ("日本".encode(), 43436899),
        (b"a\tb", 123385),
        (b"\xff\xfex", 28888),
    ],
)
def test_text_is_hashed_over_signed_bytes(key, code):
    assert hash_text(key) == code
    assert make_partitioner(7, None, b"\t")(key) == (code & 0x7FFFFFFF) % 7


def test_offsets_are_hashed_by_their_lower_word():
    assert make_partitioner(7, None, b"\t")(5_000_000_001) == 6


KEYS = (b"11.12.1.2", b"11.14.2.3", b"11", b"a.", b"", b".x.yz", b"one.two.three")


@pytest.mark.parametrize(
    ("options", "partitions"),
    [
        ("-k1,2", [63, 65, 568, 53, 0, 546, 28]),
        ("-k2,2", [569, 571, 0, 0, 0, 120, 276]),
        ("-k 2", [400, 404, 0, 0, 0, 999, 20]),
        ("-k1.2,1.3", [565, 565, 49, 46, 0, 766, 511]),
        ("-k3,3", [49, 50, 0, 0, 0, 873, 486]),
        ("-k2.2,3.1", [525, 448, 0, 0, 0, 547, 342]),
    ],
)
def test_fields_of_a_key_choose_its_partition(options, partitions):
    choose = make_partitioner(1000, parse_key_fields(options), b".")
    assert [choose(key) for key in KEYS] == partitions


@pytest.mark.parametrize(
    ("options", "ordered"),
    [
        ("-k2,2nr", "ab.100 a.10 a.9 a.9.z c.2 07.1 b.-3 b 7"),
        ("-k1,1 -k2,2n", "07.1 7 a.9 a.9.z a.10 ab.100 b b.-3 c.2"),
        ("-k2,2r", "a.9 a.9.z c.2 ab.100 a.10 07.1 b.-3 b 7"),
        ("-r", "c.2 b.-3 b ab.100 a.9.z a.9 a.10 7 07.1"),
        ("-k3,3", "07.1 7 ab.100 c.2 b b.-3 a.9 a.10 a.9.z"),
        ("-n", "a.10 a.9 ab.100 a.9.z b.-3 b c.2 7 07.1"),
    ],
)
def test_fields_of_a_key_order_it(options, ordered):
    keys = ["a.10", "a.9", "b.-3", "b", "c.2", "ab.100", "a.9.z", "7", "07.1"]
    order = make_sort_key(parse_key_fields(options), b".")
    found = sorted(keys, key=lambda key: order(key.encode()))
    # Keys that compare as equal may stand in any order.
    assert [order(key.encode()) for key in found] == [order(key.encode()) for key in ordered.split()]


def test_keys_without_options_are_ordered_by_unsigned_bytes():
    assert sorted([b"\xff", b"a", b"", "é".encode()], key=make_sort_key(None, b"")) == [
        b"",
        b"a",
        "é".encode(),
        b"\xff",
    ]


@pytest.mark.parametrize(
    ("line", "fields", "pair"),
    [
        (b"k\tv\tw", 1, (b"k", b"v\tw")),
        (b"k\tv\tw", 2, (b"k\tv", b"w")),
        (b"no tab", 1, (b"no tab", b"")),
        (b"k\tv", 2, (b"k\tv", b"")),
        (b"\t", 1, (b"", b"")),
        (b"", 1, (b"", b"")),
    ],
)
def test_a_line_is_cut_at_its_tab(line, fields, pair):
    assert split_line(line, b"\t", fields) == pair


def test_a_wrong_key_field_is_refused():
    with pytest.raises(ValueError, match="Invalid -k argument"):
        parse_key_fields("-kx")
