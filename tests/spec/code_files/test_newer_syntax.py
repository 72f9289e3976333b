"""What older Pythons do not read. The numbers were held against Python 3.6 to 3.13 themselves; `ast.parse(feature_version=…)` misses some and invents others."""

from __future__ import annotations

import sys

import pytest

from emr_pipelines.pipeline_spec.project_files.python_source import parse_python

NEWER = {
    "total = 0\nif (n := 5):\n    pass\n": (2, (3, 8)),
    "def area(a, /): pass": (1, (3, 8)),
    "lambda a, /: 0": (1, (3, 8)),
    'print(f"{x=}")': (1, (3, 8)),
    'print(f"{x = :>5}")': (1, (3, 8)),
    "def f():\n    return 1, *a": (2, (3, 8)),
    "def f():\n    yield 1, *a": (2, (3, 8)),
    "for a in b:\n    try: pass\n    finally:\n        if a: continue": (4, (3, 8)),
    "with (open(a) as b, open(c) as d):\n    pass": (1, (3, 9)),
    "x = 1\nwith (\n    open(a) as b\n):\n    pass\n": (2, (3, 9)),
    "with (lock, other): pass": (1, (3, 9)),
    "async def f():\n    async with (a() as b): pass": (2, (3, 9)),
    "@buttons[0].clicked\ndef f(): pass": (1, (3, 9)),
    "for x in *a, *b: pass": (1, (3, 9)),
    "{n := 1}": (1, (3, 9)),
    "x = 1\nmatch x:\n    case 1:\n        pass\n": (2, (3, 10)),
    "a[n := 1]": (1, (3, 10)),
    "try: pass\nexcept* ValueError: pass": (1, (3, 11)),
    "a[*b]": (1, (3, 11)),
    "def f(*a: *b): pass": (1, (3, 11)),
}
SINCE_3_12 = {
    "type Pair = tuple": (1, (3, 12)),
    "def first[T](x: T): pass": (1, (3, 12)),
    "class Box[T]: pass": (1, (3, 12)),
    'print(f"{a["b"]}")': (1, (3, 12)),
    "print(f\"{', '.join(a) + '\\n'}\")": (1, (3, 12)),
    'print(f"{a\n}")': (1, (3, 12)),
    'print(f"{f"{a}"}")': (1, (3, 12)),
}
OLD = (
    "with (open(a)) as b: pass",
    "with (open(a)): pass",
    "with (a), (b): pass",
    "with (a, b) as c: pass",
    "with open(a) as b, open((c)) as d: pass",
    'print(f"x={x!r} {{y=}} {z == 1}")',
    "print(f\"{d['=']} {d['k=']!r}\")",
    "@app.route('/', methods=['GET'])\ndef f(): pass",
    "for a in b:\n    try: pass\n    finally:\n        for c in a: continue",
    "def f():\n    return (1, *a)",
    "a[(*b,)]",
    "match = 1\nmatch(match)",
    "print(f'''{a\n}''', f'{\"x\"}')",
)


@pytest.mark.parametrize("text", NEWER, ids=repr)
def test_newer_syntax_is_found_at_its_line(text: str) -> None:
    newest = max(parse_python(text.encode()).newer, key=lambda one: one.since)
    assert (newest.line, newest.since) == NEWER[text]


@pytest.mark.parametrize("text", OLD, ids=repr)
def test_what_every_python_reads_is_not_taken_for_new(text: str) -> None:
    source = parse_python(text.encode())
    assert (source.flaw, source.newer) == (None, ())


@pytest.mark.parametrize("text", SINCE_3_12, ids=repr)
def test_what_python_3_12_brought_is_found_by_it_and_refused_by_older_ones(text: str) -> None:
    source = parse_python(text.encode())
    if sys.version_info < (3, 12):
        assert source.flaw is not None
    else:
        assert (source.newer[0].line, source.newer[0].since) == SINCE_3_12[text]


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"x = 1\nprint('a'\n", 2, "never closed"),
        (b"x = 1\nreturn x\n", 2, "outside function"),
        (b"print 'a'\n", 1, "print"),
        (b"def f():\n\tif 1:\n        pass\n", 3, "inconsistent"),
        ("# caf\u00e9".encode("latin-1"), 1, "encoding"),
        ("\n\n\nx = 'caf\u00e9'".encode("latin-1"), 4, "utf-8"),
        (b"# coding: klingon\n", 1, "encoding"),
        (b"x = 1\x00", 1, "null bytes"),
        (b"x = " + b"(" * 5000, 1, "many"),
    ],
)
def test_what_is_no_python_is_said_with_its_line(content: bytes, line: int, word: str) -> None:
    flaw = parse_python(content).flaw
    assert flaw is not None
    assert flaw.line == line
    assert word in flaw.message


def test_lines_are_counted_as_python_counts_them() -> None:
    text = "\ufeffx = '\x0c\u2028\x1c'\r\ny = (z := 1)\r\n"
    assert [one.line for one in parse_python(text.encode()).newer] == [2]
    coded = "# -*- coding: latin-1 -*-\nx = '\u00e9' if (\u00e9 := 1) else {\u00e9 := 2}\n".encode("latin-1")
    assert {one.since for one in parse_python(coded).newer} == {(3, 8), (3, 9)}
