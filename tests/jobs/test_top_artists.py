"""The job that charts the most played artists, run from its command line on parts as a streaming step leaves them."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from music_charts.top_artists import main

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

# As the mapper writes them: a backslash, a tab and a line feed are escaped.
PARTS = (
    "Zoë\t40\nzoë\t3\nAC/DC\t40\n",
    "",
    "美咲 and the 夜\t39\nعمر\t38\nA$AP $\\\\frac{$\t37\ntab\\there\t36\ntwo\\nlines\t35\n",
    " Zoë \t34\n\t33\n🎸\t32\n<b>&\t31\nZoë\t2\nline\u2028separator\u0085s\t30\n\x07\t29\n",
)
CHART = [
    ("Zoë", 42),
    ("AC/DC", 40),
    ("美咲 and the 夜", 39),
    ("عمر", 38),
    ("A$AP $\\frac{$", 37),
    ("tab\there", 36),
    ("two\nlines", 35),
    (" Zoë ", 34),
    ("", 33),
    ("🎸", 32),
    ("<b>&", 31),
    ("line\u2028separator\u0085s", 30),
    ("\x07", 29),
    ("zoë", 3),
]
WHOLE = ["_SUCCESS", "_counters.json", "index.html", "top_artists.csv", "top_artists.png"]


def write_parts(folder: Path, *parts: str) -> Path:
    folder.mkdir()
    for number, part in enumerate(parts):
        (folder / f"part-{number:05d}").write_text(part, encoding="utf-8", newline="")
    (folder / "_SUCCESS").touch()
    return folder


def chart(counts: Path, output: Path, *options: str) -> int:
    return main(["--input", f"counts={counts}", "--output", str(output), *options])


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".crc"))


def table_in(folder: Path) -> list[tuple[str, int]]:
    text = (folder / "top_artists.csv").read_bytes().decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == ["rank", "artist", "plays"]
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, len(rows) + 1)]
    return [(artist, int(plays)) for _, artist, plays in rows]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parts(tmp_path_factory.mktemp("counted") / "counts", *PARTS)


def test_parts_become_table_picture_page_and_marker(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chart(parts, tmp_path / "chart") == 0
    assert files_in(tmp_path / "chart") == WHOLE
    assert table_in(tmp_path / "chart") == CHART
    with Image.open(tmp_path / "chart" / "top_artists.png") as picture:
        assert picture.format == "PNG"
        assert len(picture.getcolors(maxcolors=100_000) or []) > 50
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counters == {"job": "top_artists", "artists": 14, "plays": 459, "listed": 14, "malformed_lines": 0}


def test_only_the_top_is_shown_and_the_same_parts_give_the_same_files(parts: Path, tmp_path: Path) -> None:
    for name in "ab":
        assert chart(parts, tmp_path / name, "--top", "3", "--title", "A <$month$>") == 0
    for file in WHOLE:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert table_in(tmp_path / "a") == CHART[:3]
    page = (tmp_path / "a" / "index.html").read_text(encoding="utf-8")
    assert "<h1>A &lt;$month$&gt;</h1>" in page
    assert "459 plays of 14 artists; the first 3 are shown." in page


def test_names_decide_between_equals_wherever_they_lie(tmp_path: Path) -> None:
    equals = [f"artist {number:02d}" for number in range(30)]
    write_parts(tmp_path / "up", *(f"{name}\t5\n" for name in equals))
    write_parts(tmp_path / "down", "".join(f"{name}\t5\n" for name in reversed(equals)))
    for name in ("up", "down"):
        assert chart(tmp_path / name, tmp_path / f"{name}_chart", "--top", "10") == 0
        assert table_in(tmp_path / f"{name}_chart") == [(artist, 5) for artist in equals[:10]]


def test_the_page_stands_alone_and_shows_every_name_on_one_line(parts: Path, tmp_path: Path) -> None:
    assert chart(parts, tmp_path / "chart") == 0
    page = (tmp_path / "chart" / "index.html").read_text(encoding="utf-8")
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sorted(files) == ["top_artists.csv", "top_artists.png"]
    assert "http" not in page
    assert "<script" not in page
    names = re.findall(r"<bdi>(.*?)</bdi>", page)
    assert names == [
        *(
            "Zoë",
            "AC/DC",
            "美咲 and the 夜",
            "عمر",
            "A$AP $\\frac{$",
            "tab here",
            "two lines",
            "Zoë",
            "(no name)",
            "🎸",
        ),
        *("&lt;b&gt;&amp;", "line separator s", "(no name)", "zoë"),
    ]
    assert '<td class="number">42</td><td class="number">9.2%</td>' in page


def test_nothing_played_is_a_table_and_a_page_without_picture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    counts = write_parts(tmp_path / "counts", "", "")
    assert chart(counts, tmp_path / "chart") == 0
    assert files_in(tmp_path / "chart") == ["_SUCCESS", "_counters.json", "index.html", "top_artists.csv"]
    assert table_in(tmp_path / "chart") == []
    assert "Nothing was played" in (tmp_path / "chart" / "index.html").read_text(encoding="utf-8")
    assert f"nothing was played in {counts}" in caplog.text


def test_lines_of_another_form_are_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = ["a", "a\t", "a\t1\t1", "a\t-1", "a\t1.5", "", f"a\t{'9' * 40}", "a\tNaN"]
    counts = write_parts(tmp_path / "counts", "b\t0\n" + "".join(f"{line}\n" for line in other), "a\t2\n")
    assert chart(counts, tmp_path / "few") == 1
    assert "8 of 10 lines in" in capsys.readouterr().err.splitlines()[-1]
    assert chart(counts, tmp_path / "chart", "--max-dropped", "80%") == 0
    assert table_in(tmp_path / "chart") == [("a", 2)]
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["malformed_lines"] == len(other)


def test_an_input_of_another_step_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = write_parts(tmp_path / "counts", '{"artist": "a"}\n{"artist": "b"}\n')
    assert chart(counts, tmp_path / "chart") == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(
        f"top_artists failed: nothing in {counts} can be used. Of 2 lines: 2 not of the form artist<TAB>count, as the streaming step writes them, "
    )
    assert not (tmp_path / "chart").exists()


def test_existing_output_is_left_alone(parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "index.html").write_text("precious")
    assert chart(parts, tmp_path / "chart") == 1
    assert f"output path {tmp_path}/chart already exists" in capsys.readouterr().err.splitlines()[-1]
    assert files_in(tmp_path / "chart") == ["index.html"]


def test_a_missing_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert chart(tmp_path / "nowhere", tmp_path / "chart") == 1
    assert f"input 'counts' does not exist: {tmp_path}/nowhere" in capsys.readouterr().err.splitlines()[-1]
