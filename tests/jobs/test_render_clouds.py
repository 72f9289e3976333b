"""The job that draws the clouds, run from its command line."""

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageSequence
from pyspark.sql import SparkSession

from book_titles.render_clouds import main

pytestmark = pytest.mark.xdist_group("spark")

SMALL = ("--width", "300", "--height", "200")
WORDS = [
    "love",
    "war",
    "peace",
    "\u00e9t\u00e9",
    "sorcerer's",
    "stone",
    "harry",
    "potter",
    "sea",
    "night",
    "garden",
    "art",
]


def write_counts(spark: SparkSession, folder: Path, *years: int) -> Path:
    rows = [(year, word, 100 - 5 * rank) for year in years for rank, word in enumerate(WORDS)]
    spark.createDataFrame(rows, "year int, word string, count bigint").write.parquet(str(folder))
    return folder


@pytest.fixture(scope="module")
def one_year(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_counts(spark, tmp_path_factory.mktemp("one_year") / "counts", 1999)


@pytest.fixture(scope="module")
def two_years(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_counts(spark, tmp_path_factory.mktemp("two_years") / "counts", 2000, 1999)


def render(counts: Path, output: Path, *options: str) -> int:
    return main(["--input", f"counts={counts}", "--output", str(output), *SMALL, *options])


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".crc"))


def test_pictures_film_page_and_marker_are_written(
    two_years: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert render(two_years, tmp_path / "clouds") == 0
    assert files_in(tmp_path / "clouds") == [
        "_SUCCESS",
        "_counters.json",
        "index.html",
        "word_cloud_1999.png",
        "word_cloud_2000.png",
        "word_cloud_evolution.gif",
    ]
    for year in (1999, 2000):
        with Image.open(tmp_path / "clouds" / f"word_cloud_{year}.png") as picture:
            assert (picture.format, picture.size) == ("PNG", (300, 200))
            assert picture.getpixel((0, 0)) == (255, 255, 255)
            # The drawn words use many shades; an empty picture would have one.
            assert len(picture.getcolors(maxcolors=100_000)) > 50
    with Image.open(tmp_path / "clouds" / "word_cloud_evolution.gif") as film:
        assert (sum(1 for _ in ImageSequence.Iterator(film)), film.info["loop"]) == (2, 0)
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counters == {"job": "render_clouds", "years": [1999, 2000], "pictures": 2, "files": 4}


def test_same_counts_give_the_same_bytes_and_another_seed_does_not(two_years: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "42"), ("b", "42"), ("c", "43")):
        assert render(two_years, tmp_path / name, "--seed", seed) == 0
    for name in ("word_cloud_1999.png", "word_cloud_2000.png", "word_cloud_evolution.gif", "index.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    pictures = {name: (tmp_path / name / "word_cloud_1999.png").read_bytes() for name in "ac"}
    assert pictures["a"] != pictures["c"]


def test_caption_tells_the_years_apart(two_years: Path, tmp_path: Path) -> None:
    assert render(two_years, tmp_path / "clouds") == 0
    pictures = [Image.open(tmp_path / "clouds" / f"word_cloud_{year}.png") for year in (1999, 2000)]
    captions, clouds = (
        [picture.crop(box).tobytes() for picture in pictures] for box in ((0, 0, 300, 20), (0, 20, 300, 200))
    )
    assert clouds[0] == clouds[1]
    assert captions[0] != captions[1]


def test_gallery_is_self_contained_and_shows_the_top_words(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(1999, "<b>&", 1200), *((1999, word, 50 - rank) for rank, word in enumerate(WORDS)), (2000, "sea", 3)]
    spark.createDataFrame(rows, "year int, word string, count bigint").write.parquet(str(tmp_path / "counts"))
    assert render(tmp_path / "counts", tmp_path / "clouds") == 0
    page = (tmp_path / "clouds" / "index.html").read_text(encoding="utf-8")
    for file in re.findall(r'(?:src|srcset|href)="([^"#]+)"', page):
        assert (tmp_path / "clouds" / file).is_file()
    assert "http" not in page
    assert "<script" not in page
    images = re.findall(r"<img [^>]+>", page)
    assert len(images) == 3
    assert all(re.search(r'alt="[^"]{20,}"', image) for image in images)
    table = page[page.index('id="year-1999"') : page.index('id="year-2000"')]
    assert re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', table) == [
        ("&lt;b&gt;&amp;", "1,200"),
        *((word.replace("'", "&#x27;"), str(50 - rank)) for rank, word in enumerate(WORDS[:9])),
    ]


def test_one_year_has_no_film(one_year: Path, tmp_path: Path) -> None:
    assert render(one_year, tmp_path / "clouds") == 0
    assert files_in(tmp_path / "clouds") == ["_SUCCESS", "_counters.json", "index.html", "word_cloud_1999.png"]


def test_only_the_most_frequent_words_are_drawn(one_year: Path, tmp_path: Path) -> None:
    assert render(one_year, tmp_path / "all") == 0
    assert render(one_year, tmp_path / "one", "--max-words", "1") == 0
    page = (tmp_path / "one" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<th scope="row">(.*?)</th>', page) == ["love"]
    assert (tmp_path / "one" / "word_cloud_1999.png").stat().st_size < (
        tmp_path / "all" / "word_cloud_1999.png"
    ).stat().st_size


def draw_mask() -> bytes:
    """Draw a black disc in the middle of a white square: only the disc is to be filled."""
    picture = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(picture).ellipse((10, 10, 90, 90), fill=0)
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def test_mask_keeps_words_inside(one_year: Path, tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(draw_mask())
    assert render(one_year, tmp_path / "clouds", "--mask", str(tmp_path / "mask.png")) == 0
    with Image.open(tmp_path / "clouds" / "word_cloud_1999.png") as picture:
        ink = picture.crop((0, 20, 300, 200)).convert("L").point(lambda shade: 255 if shade < 250 else 0).getbbox()
    # The square mask is 180 pixels wide in the middle of 300; its disc leaves a tenth free on each side.
    assert ink is not None
    assert 60 + 15 <= ink[0] < ink[2] <= 240 - 15


def test_white_mask_is_an_error_with_its_cause(
    one_year: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (50, 50), 255).save(tmp_path / "mask.png")
    assert render(one_year, tmp_path / "clouds", "--mask", str(tmp_path / "mask.png")) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("render_clouds failed: ")
    assert "mask" in message
    assert not (tmp_path / "clouds").exists()


def test_no_counts_give_a_page_that_says_so(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counts = write_counts(spark, tmp_path / "counts")
    assert render(counts, tmp_path / "clouds") == 0
    assert files_in(tmp_path / "clouds") == ["_SUCCESS", "_counters.json", "index.html"]
    assert "no words for these years" in (tmp_path / "clouds" / "index.html").read_text(encoding="utf-8")
    assert f"no words in {counts}" in caplog.text


def test_existing_output_is_left_alone(one_year: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "clouds").mkdir()
    assert render(one_year, tmp_path / "clouds") == 1
    assert f"output path {tmp_path}/clouds already exists" in capsys.readouterr().err.splitlines()[-1]
    assert files_in(tmp_path / "clouds") == []


def test_unknown_colours_are_refused(one_year: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(one_year, tmp_path / "clouds", "--colormap", "plasmaa") == 1
    assert "'plasmaa' is not a matplotlib colour map" in capsys.readouterr().err.splitlines()[-1]
