"""Job: word counts in, one picture a year, a film and a gallery page out. Draws on the executors, writes from the driver."""

import argparse
import logging
import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.hadoop_files import read_bytes, write_bytes
from batch_job.run import EMPTY, Counters, JobError, require_columns, require_path, run_job
from book_titles.cloud_drawing import CloudStyle, draw_cloud, draw_film, is_colormap
from book_titles.cloud_gallery import YearCloud, write_gallery

JOB = "render_clouds"
FILM = "word_cloud_evolution.gif"
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    arguments = parse_arguments(_parser(), argv, required=["counts"], optional=["mask"])
    return run_job(JOB, arguments, render_clouds)


def render_clouds(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write the pictures, the film, the page and, last of all, ``_SUCCESS``."""
    style = read_style(spark, arguments)
    uri = arguments.inputs["counts"]
    require_path(spark, "counts", uri)
    counts = spark.read.parquet(uri)
    advice = "Give this job the output of count_words"
    require_columns(counts, {"year": advice, "word": advice, "count": advice}, uri)
    clouds = collect_clouds(counts, arguments.options.max_words)
    pictures = draw_clouds(spark, clouds, style)
    files = {cloud.picture: picture for cloud, picture in zip(clouds, pictures, strict=True)}
    film = FILM if len(clouds) > 1 else None
    if film is not None:
        files[film] = draw_film(pictures)
    files["index.html"] = write_gallery(clouds, film).encode()
    for name, content in files.items():
        write_bytes(spark, f"{arguments.output.rstrip('/')}/{name}", content)
    # Readers take the marker as proof that all files before it are complete.
    write_bytes(spark, f"{arguments.output.rstrip('/')}/_SUCCESS", b"")
    counters = {"years": [cloud.year for cloud in clouds], "pictures": len(pictures), "files": len(files)}
    if clouds:
        return counters
    _log.warning("no words in %s: wrote a page without pictures to %s", uri, arguments.output)
    return {**counters, EMPTY: True}


def read_style(spark: SparkSession, arguments: JobArguments) -> CloudStyle:
    """Check the options of the pictures' look and read the mask, if there is one."""
    options = arguments.options
    if not is_colormap(options.colormap):
        raise JobError(f"--colormap {options.colormap!r} is not a matplotlib colour map. Try plasma, viridis or Dark2")
    mask = None
    if "mask" in arguments.inputs:
        require_path(spark, "mask", arguments.inputs["mask"])
        mask = read_bytes(spark, arguments.inputs["mask"])
    return CloudStyle(
        width=options.width, height=options.height, colormap=options.colormap, seed=options.seed, mask=mask
    )


def collect_clouds(counts: DataFrame, max_words: int) -> list[YearCloud]:
    """Fetch the most frequent words of each year, and no more than those, ordered by year."""
    by_year = Window.partitionBy("year")
    ranked = counts.select(
        "year",
        "word",
        "count",
        F.row_number().over(by_year.orderBy(F.desc("count"), "word")).alias("rank"),
        F.sum("count").over(by_year).alias("total"),
    )
    clouds: dict[int, tuple[int, list[tuple[str, int]]]] = {}
    for row in ranked.where(F.col("rank") <= max_words).orderBy("year", "rank").collect():
        clouds.setdefault(row["year"], (row["total"], []))[1].append((row["word"], row["count"]))
    return [YearCloud(year=year, total=total, frequencies=tuple(words)) for year, (total, words) in clouds.items()]


def draw_clouds(spark: SparkSession, clouds: Sequence[YearCloud], style: CloudStyle) -> list[bytes]:
    """Draw all clouds in parallel, one task a year, and return the pictures in the same order."""
    if not clouds:
        return []
    drawn = spark.sparkContext.parallelize([(c.year, c.frequencies) for c in clouds], len(clouds))
    return drawn.map(lambda cloud: draw_cloud(*cloud, style)).collect()


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Draw a word cloud of each year's book titles.")
    parser.add_argument("--max-words", type=positive_int, default=300, help="words in a picture at most")
    parser.add_argument("--seed", type=int, default=42, help="the same seed and counts give the same pictures")
    parser.add_argument("--width", type=positive_int, default=1200)
    parser.add_argument("--height", type=positive_int, default=800)
    parser.add_argument("--colormap", default="plasma", help="a matplotlib colour map; its lightest fifth is not used")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
