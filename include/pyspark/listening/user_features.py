"""Features of each user from what was counted per day. Nothing that tells whether a user left goes into them."""

import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# What is counted per user and day, and the page that it counts.
PAGE_COUNTS = {
    "thumbs_up": "Thumbs Up",
    "thumbs_down": "Thumbs Down",
    "adverts": "Roll Advert",
    "errors": "Error",
    "friends": "Add Friend",
    "playlist_adds": "Add to Playlist",
    "help_visits": "Help",
    "downgrade_visits": "Downgrade",
    "upgrade_visits": "Upgrade",
}
PARTS_OF_DAY = {"night": (0, 6), "morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24)}

FEATURES = (
    "active_share",
    "sessions_per_week",
    "plays_per_session",
    "minutes_per_session",
    "thumbs_up_per_week",
    "thumbs_down_per_week",
    "adverts_per_week",
    "errors_per_week",
    "friends_per_week",
    "playlist_adds_per_week",
    "help_visits_per_week",
    "downgrade_visits_per_week",
    "upgrade_visits_per_week",
    "paid_share",
    "weekend_share",
    "night_share",
    "morning_share",
    "evening_share",
    "recent_share",
    "days_since_last",
    "days_registered",
)
_RECENT_DAYS = 7
_WEEKEND = (1, 7)


def build_features(user_days: DataFrame, end: Column) -> DataFrame:
    """Reduce days before ``end``, a date, to one row a user; the caller leaves out later days."""
    is_recent = F.date_diff(end, F.col("day")) <= _RECENT_DAYS
    is_weekend = F.dayofweek("day").isin(*_WEEKEND)
    sums = {name: F.sum(name) for name in ("sessions", "events", "plays", "seconds", "paid_events", *PAGE_COUNTS)}
    sums |= {part: F.sum(part) for part in PARTS_OF_DAY}
    totals = user_days.groupBy("user_id").agg(
        *(total.alias(name) for name, total in sums.items()),
        F.count("*").alias("days"),
        F.sum(F.when(is_recent, F.col("plays")).otherwise(0)).alias("recent_plays"),
        F.sum(F.when(is_weekend, F.col("plays")).otherwise(0)).alias("weekend_plays"),
        F.date_diff(end, F.max("day")).alias("days_since_last"),
        F.date_diff(end, F.min("day")).alias("span"),
        F.date_diff(end, F.min("registered")).alias("days_registered"),
    )
    return totals.select("user_id", *(column.cast("double").alias(name) for name, column in _formulas().items()))


def first_day(frame: DataFrame) -> datetime.date:
    """Return the first ``day`` of a frame that has one."""
    return frame.agg(F.min("day")).collect()[0][0]


def last_day(frame: DataFrame) -> datetime.date:
    """Return the last ``day`` of a frame that has one."""
    return frame.agg(F.max("day")).collect()[0][0]


def _formulas() -> dict[str, Column]:
    pages = {f"{name}_per_week": 7 * _ratio(name, "span") for name in PAGE_COUNTS}
    parts = {f"{part}_share": _ratio(part, "plays") for part in PARTS_OF_DAY}
    formulas = {
        **pages,
        **parts,
        "active_share": _ratio("days", "span"),
        "sessions_per_week": 7 * _ratio("sessions", "span"),
        "plays_per_session": _ratio("plays", "sessions"),
        "minutes_per_session": _ratio("seconds", "sessions") / 60,
        "paid_share": _ratio("paid_events", "events"),
        "weekend_share": _ratio("weekend_plays", "plays"),
        "recent_share": _ratio("recent_plays", "plays"),
        "days_since_last": F.col("days_since_last"),
        "days_registered": F.col("days_registered"),
    }
    return {name: formulas[name] for name in FEATURES}


def _ratio(part: str, whole: str) -> Column:
    # In ANSI mode a division by zero is an error.
    return F.when(F.col(whole) > 0, F.col(part) / F.col(whole)).otherwise(0.0)
