"""Job: plays in, a map of users by taste out: the principal components of who plays which artist."""

import argparse
import logging
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.ml.feature import PCA, CountVectorizer, Normalizer, PCAModel
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.run import Counters, require_path
from listening.drawing import draw_scatters
from listening.findings import Findings, Picture, Table, TooLittleData, run_findings, write_findings

JOB = "projection"
TITLE = "A map of tastes"
_COMPONENTS = 4
_SHOWN_USERS = 3000
_CONSIDERED_ARTISTS = 40
_NAME_DISTANCE = 0.3
_LISTED_ARTISTS = 5
_log = logging.getLogger(f"batch_job.{JOB}")


@dataclass(frozen=True, kw_only=True, slots=True)
class TasteMap:
    """What spans the map: the share of the variance on each axis, and each artist's place in the directions of the axes."""

    shares: Sequence[float]
    artists: Sequence[str]
    loadings: Sequence[Sequence[float]]


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_findings(JOB, TITLE, parse_arguments(_parser(), argv, required=["sessions"]), project_users)


def project_users(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write each user's place, the metrics and the plot."""
    options, uri = arguments.options, arguments.inputs["sessions"].rstrip("/")
    require_path(spark, "sessions", f"{uri}/plays")
    plays = spark.read.parquet(f"{uri}/plays")
    heard = plays.select("artist").distinct().count()
    if heard <= _COMPONENTS:
        raise TooLittleData(f"{uri}/plays holds {heard} artists; a map needs more than {_COMPONENTS}")
    tastes, artists = describe_tastes(plays, options.most_artists)
    model = PCA(k=_COMPONENTS, inputCol="tastes", outputCol="place").fit(tastes)
    place = f"{arguments.output.rstrip('/')}/users"
    axes = [vector_to_array("place")[number].alias(f"component_{number + 1}") for number in range(_COMPONENTS)]
    model.transform(tastes).select("user_id", *axes).write.parquet(place)
    users = spark.read.parquet(place)
    findings = report_findings(read_map(model, artists), choose_users(users, options.seed), users.count())
    write_findings(spark, arguments.output, findings)
    _log.info("mapped %s: %s", uri, findings.values)
    return findings.values


def describe_tastes(plays: DataFrame, most_artists: int) -> tuple[DataFrame, list[str]]:
    """Describe each user by how much of the plays each artist has; the most played artists only."""
    heard = plays.groupBy("user_id").agg(F.collect_list("artist").alias("names"))
    counter = CountVectorizer(inputCol="names", outputCol="counts", vocabSize=most_artists).fit(heard)
    tastes = Normalizer(inputCol="counts", outputCol="tastes", p=2.0).transform(counter.transform(heard))
    return tastes.select("user_id", "tastes").cache(), list(counter.vocabulary)


def read_map(model: PCAModel, artists: Sequence[str]) -> TasteMap:
    """Read what spans the map off the fitted model."""
    return TasteMap(
        shares=[float(share) for share in model.explainedVariance],
        artists=artists,
        loadings=[[float(value) for value in column] for column in model.pc.toArray().T],
    )


def choose_users(users: DataFrame, seed: int) -> list[list[float]]:
    """Fetch the places of some users, the same ones each time."""
    some = users.orderBy(F.xxhash64("user_id", F.lit(seed)), "user_id").limit(_SHOWN_USERS).drop("user_id")
    return [list(row) for row in some.collect()]


def report_findings(taste_map: TasteMap, places: Sequence[Sequence[float]], users: int) -> Findings:
    """Put the map into values, a table and a plot."""
    together, even = sum(taste_map.shares), _COMPONENTS / len(taste_map.artists)
    return Findings(
        title=TITLE,
        summary=f"{users} users by which of {len(taste_map.artists)} artists they play. The {_COMPONENTS} axes hold "
        f"{together:.0%} of the differences between users; without tastes they would hold about {even:.0%}.",
        values={"users": users, "artists": len(taste_map.artists), "variance_shares": taste_map.shares},
        tables=[
            Table(
                caption="The artists at both ends of each axis",
                columns=("axis", "share of the variance", "one end", "other end"),
                rows=[
                    (number + 1, round(share, 3), *_name_ends(taste_map, number))
                    for number, share in enumerate(taste_map.shares)
                ],
            )
        ],
        pictures=[
            Picture(
                file="projection.png",
                alt="Users by their principal components, coloured by the axis on which they stand out; names mark where artists draw",
                content=_draw_map(taste_map, places),
            )
        ],
    )


def _name_ends(taste_map: TasteMap, axis: int) -> tuple[str, ...]:
    order = sorted(range(len(taste_map.artists)), key=lambda artist: taste_map.loadings[axis][artist])
    one, other = order[: -_LISTED_ARTISTS - 1 : -1], order[:_LISTED_ARTISTS]
    return tuple(", ".join(taste_map.artists[artist] for artist in end) for end in (one, other))


def _draw_map(taste_map: TasteMap, places: Sequence[Sequence[float]]) -> bytes:
    panels, labels = {}, {}
    for first in range(0, _COMPONENTS, 2):
        names = (f"component {first + 1}", f"component {first + 2}")
        panels[names] = [(place[first], place[first + 1]) for place in places]
        labels[names] = _place_artists(taste_map, first, panels[names])
    return draw_scatters(panels, [_stand_out(place) for place in places], labels)


def _stand_out(place: Sequence[float]) -> int:
    axis = max(range(len(place)), key=lambda number: abs(place[number]))
    return 2 * axis + (place[axis] > 0)


def _place_artists(
    taste_map: TasteMap, first: int, points: Sequence[tuple[float, float]]
) -> list[tuple[float, float, str]]:
    """Place the artists who draw most within the reach of the users."""
    pairs = list(zip(taste_map.loadings[first], taste_map.loadings[first + 1], strict=True))
    order = sorted(range(len(pairs)), key=lambda artist: -math.hypot(*pairs[artist]))
    extent = max(max(abs(x), abs(y)) for x, y in points)
    scale = extent / math.hypot(*pairs[order[0]])
    chosen: list[tuple[float, float, str]] = []
    for artist in order[:_CONSIDERED_ARTISTS]:
        x, y = (scale * value for value in pairs[artist])
        # Names that lie on each other cannot be read: of neighbours only the first is named.
        if all(math.hypot(x - other[0], y - other[1]) > _NAME_DISTANCE * extent for other in chosen):
            chosen.append((x, y, taste_map.artists[artist]))
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Map users by taste.")
    parser.add_argument(
        "--most-artists", type=positive_int, default=1000, help="the driver holds a matrix of its square"
    )
    parser.add_argument("--seed", type=int, default=42)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
