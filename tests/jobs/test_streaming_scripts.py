"""The mapper and the reducer of top_artists as Hadoop Streaming and a shell run them: programs that read lines and write lines."""

import ast
import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

STREAMING = Path(__file__).parents[2] / "include" / "streaming"
MAPPER, REDUCER = STREAMING / "mapper.py", STREAMING / "reducer.py"
ARTISTS = (
    "Zoë",
    "zoë",
    "ZOË",
    " Zoë",
    "Zoë ",
    "美咲",
    "عمر",
    "🎸",
    "",
    "AC/DC",
    "a b",
    "a",
    "a\u2028b",
    "a\u0085b",
    "\x01",
)
# What ends or splits a line of `key<TAB>value`, and what the escapes themselves are made of.
AWKWARD = ("a\tb", "a\nb", "a\rb", "a\\tb", "a\\", "\\", "\t", "a b")
MEGABYTE = 1024 * 1024


def event(artist: object, page: object = "NextSong", **more: object) -> bytes:
    return json.dumps({"artist": artist, "page": page, "ts": 1, **more}, ensure_ascii=False).encode() + b"\n"


def run(program: Path, given: bytes, *, memory: int | None = None) -> tuple[bytes, dict[str, int]]:
    """What the program wrote, and its counters; it may write nothing else to standard error."""
    limit: Callable[[], None] | None = None
    if memory is not None:
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))  # noqa: E731
    finished = subprocess.run(
        [sys.executable, str(program)], input=given, capture_output=True, check=False, preexec_fn=limit
    )
    said = finished.stderr.decode()
    assert finished.returncode == 0, said
    counters = {}
    for line in said.splitlines():
        name, amount = line.removeprefix("reporter:counter:top_artists,").split(",")
        counters[name] = int(amount)
    return finished.stdout, counters


def sort_lines(text: bytes) -> bytes:
    return b"".join(sorted(text.splitlines(keepends=True)))


def sums_of(text: bytes) -> dict[str, int]:
    pairs = [line.split("\t") for line in text.decode().split("\n")[:-1]]
    sums = {name: int(count) for name, count in pairs}
    assert len(sums) == len(pairs), "a name has two sums"
    return sums


def repeat(artists: Iterable[str]) -> list[str]:
    """The first artist once, the second twice, and so on, mixed."""
    every = [artist for times, artist in enumerate(artists, start=1) for _ in range(times)]
    return every[::2] + every[1::2]


def test_the_shell_pipeline_counts_each_spelling_by_itself(tmp_path: Path) -> None:
    plays = repeat(ARTISTS)
    (tmp_path / "logs.json").write_bytes(b"".join(event(artist) for artist in plays))
    finished = subprocess.run(
        f"cat logs.json | {MAPPER} | sort | {REDUCER}",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    assert sums_of(finished.stdout) == Counter(plays)


def test_only_songs_with_an_artist_are_plays() -> None:
    others = [event("Zoë", page) for page in ("Home", "nextsong", None, 1)]
    written, counters = run(MAPPER, b"".join([*others, event(None), b'{"page": "NextSong"}\n', b"{}\n", event("Zoë")]))
    assert written == "Zoë\t1\n".encode()
    assert counters == {"lines_read": 8, "plays": 1}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no json",
        event("cut off")[:-5],
        b'["NextSong"]',
        b"7",
        b"null",
        b'{"page": "NextSong", "artist": NaN}',
        event(7),
        event(["a"]),
        event({"name": "a"}),
        event(True),
        event("invalid UTF-8: ?").replace(b"?", b"\xff"),
        b'{"page": "NextSong", "artist": "half a character: \\ud83c"}',
        event("UTF-16").decode().encode("utf-16"),
        b"[" * 200_000,
        b'{"page": "NextSong", "artist": "a", "ts": ' + b"9" * 10_000 + b"}",
        b"\x00\x01\x02",
    ],
    ids=lambda line: repr(line[:40]),
)
def test_a_malformed_line_is_counted_and_its_neighbours_stay(line: bytes) -> None:
    written, counters = run(MAPPER, event("before") + line.replace(b"\n", b"") + b"\n" + event("after"))
    assert written == b"before\t1\nafter\t1\n"
    assert counters == {"lines_read": 3, "malformed_lines": 1, "plays": 2}


@pytest.mark.parametrize(
    "line",
    [
        event("a", length=float("nan"), ts="no number", userId=None, more=[{}]),
        b"\xef\xbb\xbf" + event("a"),
        event("a").replace(b"\n", b"\r\n"),
        event("a").rstrip(),
        event("a", userAgent="x" * MEGABYTE),
    ],
    ids=["other fields", "byte order mark", "Windows line end", "no line end", "long"],
)
def test_what_only_looks_odd_is_a_play(line: bytes) -> None:
    assert run(MAPPER, line) == (b"a\t1\n", {"lines_read": 1, "plays": 1})


def test_an_array_is_read_as_its_objects_are() -> None:
    objects = [event(artist).rstrip() for artist in ("a", "b", "c]", "d,")]
    one_a_line = b"\xef\xbb\xbf[\r\n" + b",\r\n".join(objects) + b"\r\n]\r\n"
    for text in (one_a_line, b"[" + b",\n".join(objects) + b"]", b"[" + b", ".join(objects) + b"]\n"):
        assert run(MAPPER, text) == (b"a\t1\nb\t1\nc]\t1\nd,\t1\n", {"lines_read": 4, "plays": 4})


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            json.dumps([{"page": "NextSong", "artist": "a"}] * 2, indent=2).encode(),
            "8 that are pieces of JSON (write one object a line",
        ),
        (event("a").decode().encode("utf-16"), "2 that are UTF-16 or no text"),
        (b"PK\x03\x04\xff\xfe\x0a" * 3, "3 that are not UTF-8"),
        (b"artist,page\na,NextSong\n", "2 that are no JSON, such as 'artist,page'"),
    ],
)
def test_a_task_that_cannot_use_its_lines_fails_and_says_why(log: bytes, reason: str) -> None:
    finished = subprocess.run([sys.executable, str(MAPPER)], input=log, capture_output=True, check=False)
    assert finished.returncode == 1
    sentence = finished.stderr.decode().splitlines()[-1]
    assert sentence.startswith("mapper failed: ")
    assert reason in sentence
    allowed = subprocess.run(
        [sys.executable, str(MAPPER), "--max-dropped", "100%"], input=log, capture_output=True, check=False
    )
    assert allowed.returncode == 0


def test_a_readme_beside_the_logs_is_no_log() -> None:
    variables = {**os.environ, "mapreduce_map_input_file": "s3://logs/2018/11/README.md"}
    finished = subprocess.run(
        [sys.executable, str(MAPPER)], input=b"# Logs\n", capture_output=True, check=True, env=variables
    )
    assert (finished.stdout, finished.stderr) == (b"", b"")


def test_a_name_stays_one_field_of_one_line_and_differs_from_all_others() -> None:
    plays = repeat(AWKWARD)
    mapped, counters = run(MAPPER, b"".join(event(artist) for artist in plays))
    assert counters == {"lines_read": len(plays), "plays": len(plays)}
    reduced, _ = run(REDUCER, sort_lines(mapped))
    assert b"\r" not in reduced
    unescaped = {"a\\tb": "a\tb", "a\\nb": "a\nb", "a\\rb": "a\rb", "a\\\\tb": "a\\tb", "a\\\\": "a\\"}
    unescaped |= {"\\\\": "\\", "\\t": "\t", "a b": "a b"}
    assert {unescaped[name]: count for name, count in sums_of(reduced).items()} == Counter(plays)


def test_the_reducer_as_combiner_changes_no_sum() -> None:
    plays = repeat(ARTISTS + AWKWARD)
    splits = [plays[start::3] for start in range(3)]
    mapped = [sort_lines(run(MAPPER, b"".join(event(artist) for artist in split))[0]) for split in splits]
    combined = [run(REDUCER, split)[0] for split in mapped]
    assert len(b"".join(combined)) < len(b"".join(mapped))
    assert run(REDUCER, sort_lines(b"".join(combined))) == run(REDUCER, sort_lines(b"".join(mapped)))


def test_the_reducer_leaves_out_and_counts_what_is_no_count() -> None:
    lines = [b"a\t1", b"a", b"a\t", b"a\t-1", b"a\t1.5", b"a\t1\t1", b"a\t 1", b"a\t\xd9\xa1", b"a\t" + b"9" * 5000]
    lines += [b"", b"a\t2", b"\t5", b"\xff\t7"]
    reduced, counters = run(REDUCER, b"\n".join(lines))
    assert reduced == b"a\t3\n\t5\n\xff\t7\n"
    assert counters == {"malformed_lines": 9}


@pytest.mark.parametrize("program", [MAPPER, REDUCER], ids=lambda program: program.name)
def test_nothing_in_is_nothing_out(program: Path) -> None:
    assert run(program, b"") == (b"", {})


@pytest.mark.parametrize(
    ("program", "line"), [(MAPPER, event("a")), (REDUCER, b"%d\t1\n")], ids=["mapper.py", "reducer.py"]
)
def test_a_reader_that_has_seen_enough_gets_no_traceback(program: Path, line: bytes, tmp_path: Path) -> None:
    lines = (line % number if b"%d" in line else line for number in range(100_000))
    (tmp_path / "lines").write_bytes(b"".join(lines))
    finished = subprocess.run(
        f"{program} < lines | head -n 1", shell=True, cwd=tmp_path, capture_output=True, check=True
    )
    assert finished.stdout.count(b"\n") == 1
    assert finished.stderr == b""


def test_memory_does_not_grow_with_the_input() -> None:
    names = b"".join(b"%0500d\t1\n" % number for number in range(150_000))
    written, _ = run(REDUCER, names, memory=48 * MEGABYTE)
    assert len(written) == len(names)


def test_a_line_without_end_is_read_in_pieces() -> None:
    endless = b"{" + b" " * (200 * MEGABYTE) + b"}\n"
    written, counters = run(MAPPER, event("before") + endless + event("after"), memory=160 * MEGABYTE)
    assert written == b"before\t1\nafter\t1\n"
    assert counters == {"lines_read": 3, "malformed_lines": 1, "plays": 2}


@pytest.mark.parametrize("program", [MAPPER, REDUCER], ids=lambda program: program.name)
def test_the_programs_run_on_a_bare_node(program: Path) -> None:
    # The python3 of a node is 3.9, with nothing installed; a shipped file is started as a program.
    source = program.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    assert source.startswith("#!/usr/bin/env python3\n")
    assert os.access(program, os.X_OK)
