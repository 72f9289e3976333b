"""Puts what a churn model is worth into values, tables and plots. Pure: no Spark, no files."""

import datetime
from collections.abc import Mapping

from listening.drawing import draw_bar_panels, draw_lines
from listening.findings import Findings, Picture, Table
from listening.ranking_curve import Bucket, Confusion, Judgement, find_confusion, roc_points

TITLE = "Who will leave"
_SHOWN_FEATURES = 10
_CHANCE = 0.5
_COUNTS = ("true_positive", "false_positive", "true_negative", "false_negative")


def report_findings(
    judgements: Mapping[str, Judgement], sizes: Mapping[tuple[bool, int], int], cutoff: datetime.date
) -> Findings:
    """Report the judgements beside that of always predicting the greater kind; ``sizes`` is by (set aside, left)."""
    stayed, left = sizes[True, 0], sizes[True, 1]
    scores = {
        "majority class": (_CHANCE, predict_majority(left, stayed)),
        **{name: (judgement.auc, judgement.confusion) for name, judgement in judgements.items()},
    }
    models = {
        name: {"auc": auc, "f1": c.f1, "precision": c.precision, "recall": c.recall, "accuracy": c.accuracy}
        for name, (auc, c) in scores.items()
    }
    return Findings(
        title=TITLE,
        summary=f"Learned from the days before {cutoff}; judged by {left + stayed} users who were set aside, {left} of whom "
        f"left on that day or later. Users who had left before do not count.",
        values={"cutoff": str(cutoff), "users": sum(sizes.values()), "left": left + sizes[False, 1], "models": models},
        tables=[
            Table(
                caption="Each model on the users set aside",
                columns=("model", *models["majority class"]),
                rows=[(name, *(round(score, 3) for score in of.values())) for name, of in models.items()],
            ),
            Table(
                caption="Confusion matrix: positive means predicted to leave",
                columns=("model", *(count.replace("_", " ") for count in _COUNTS)),
                rows=[
                    (name, *(getattr(confusion, count) for count in _COUNTS)) for name, (_, confusion) in scores.items()
                ],
            ),
        ],
        pictures=[_draw_curves(judgements), _draw_weights(judgements)],
    )


def predict_majority(left: int, stayed: int) -> Confusion:
    """Count right and wrong predictions if everybody is predicted to do what most do."""
    return find_confusion([Bucket(floor=0.0, left=left, stayed=stayed)], 0.0 if left > stayed else 1.0)


def _draw_curves(judgements: Mapping[str, Judgement]) -> Picture:
    lines = {f"{name} (AUC {j.auc:.2f})": roc_points(j.buckets) for name, j in judgements.items()}
    return Picture(
        file="churn_roc.png",
        alt="Share of those who left that each model finds, over the share of those who stayed that it suspects",
        content=draw_lines(lines, "false positive rate", "true positive rate", diagonal=True),
    )


def _draw_weights(judgements: Mapping[str, Judgement]) -> Picture:
    return Picture(
        file="churn_features.png",
        alt="What each model goes by: coefficients of scaled features (above zero: towards leaving), importances of the tree",
        content=draw_bar_panels({name: j.weights[:_SHOWN_FEATURES] for name, j in judgements.items()}, 2),
    )
