"""Judges a classifier by its predictions: the curve and the counts. Fetches a hundred rows, however many predictions there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_STEPS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Confusion:
    """How often what was predicted was so; positive means that a user leaves."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int

    @property
    def precision(self) -> float:
        """Share of those predicted to leave who did."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Share of those who left that was predicted."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)

    @property
    def accuracy(self) -> float:
        """Share of all predictions that was right."""
        right = self.true_positive + self.true_negative
        return _share(right, right + self.false_positive + self.false_negative)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """How many users of about one probability left and stayed."""

    floor: float
    left: int
    stayed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """One model, judged by users that it did not learn from; ``weights`` says what it goes by."""

    buckets: Sequence[Bucket]
    threshold: float
    weights: Sequence[tuple[str, float]]

    @property
    def auc(self) -> float:
        """Area under the curve: 0.5 is chance, 1 is perfect."""
        return area_under(roc_points(self.buckets))

    @property
    def confusion(self) -> Confusion:
        """Right and wrong predictions at the threshold."""
        return find_confusion(self.buckets, self.threshold)


def count_buckets(predictions: DataFrame) -> list[Bucket]:
    """Count ``(probability, label)`` by probability, from likely to unlikely."""
    bucket = F.floor(F.col("probability") * _STEPS).alias("bucket")
    is_left = F.col("label") == 1
    counts = predictions.groupBy(bucket).agg(F.count(F.when(is_left, 1)), F.count(F.when(~is_left, 1)))
    rows = sorted(counts.collect(), reverse=True)
    return [Bucket(floor=row[0] / _STEPS, left=row[1], stayed=row[2]) for row in rows]


def find_confusion(buckets: Sequence[Bucket], threshold: float) -> Confusion:
    """Count right and wrong predictions if everybody from ``threshold`` on is predicted to leave."""
    above = [bucket for bucket in buckets if bucket.floor >= threshold]
    left, stayed = sum(bucket.left for bucket in above), sum(bucket.stayed for bucket in above)
    return Confusion(
        true_positive=left,
        false_positive=stayed,
        true_negative=sum(bucket.stayed for bucket in buckets) - stayed,
        false_negative=sum(bucket.left for bucket in buckets) - left,
    )


def best_threshold(buckets: Sequence[Bucket]) -> float:
    """Return the threshold of the greatest F1, to be found on other data than it is judged by."""
    return max((bucket.floor for bucket in buckets), key=lambda floor: find_confusion(buckets, floor).f1, default=0.5)


def roc_points(buckets: Sequence[Bucket]) -> list[tuple[float, float]]:
    """Return (false positive rate, true positive rate) from the strictest threshold to the loosest."""
    points = [(0.0, 0.0)]
    left = stayed = 0
    all_left, all_stayed = sum(bucket.left for bucket in buckets), sum(bucket.stayed for bucket in buckets)
    for bucket in buckets:
        left, stayed = left + bucket.left, stayed + bucket.stayed
        points.append((_share(stayed, all_stayed), _share(left, all_left)))
    return points


def area_under(points: Sequence[tuple[float, float]]) -> float:
    """Return the area under a curve of points ordered by their first number."""
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
