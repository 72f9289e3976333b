"""Draws purchases as Arrow tables with the columns of the Amazon reviews data set. Pure but for the generator passed in."""

import datetime

import numpy as np
import pyarrow as pa

from purchases.catalogue import Catalogue

SCHEMA = pa.schema(
    [
        ("marketplace", pa.string()),
        ("customer_id", pa.string()),
        ("review_id", pa.string()),
        ("product_id", pa.string()),
        ("product_parent", pa.string()),
        ("product_title", pa.string()),
        ("star_rating", pa.int32()),
        ("helpful_votes", pa.int32()),
        ("total_votes", pa.int32()),
        ("vine", pa.string()),
        ("verified_purchase", pa.string()),
        ("review_headline", pa.string()),
        ("review_body", pa.string()),
        ("review_date", pa.date32()),
        ("year", pa.int32()),
    ]
)

_MISSING_TITLE_SHARE = 0.001
_MESSY_TITLE_SHARE = 0.06
_CUSTOMERS = 2_000_000
_STAR_SHARES = (0.05, 0.05, 0.1, 0.2, 0.6)
_HEADLINES = np.array(["Not for me", "Disappointing", "It was okay", "A good read", "Could not put it down"])
_BODIES = np.array(
    [
        "I gave up after fifty pages.",
        "The first half drags and the ending did not save it.",
        "Some chapters are better than others.",
        "Well written; I will look for more by this author.",
        "One of the best I have read this year. I have already lent it to a friend.",
    ]
)
# What sellers make of a title; preprocessing is there to see through it.
_MESSES = (
    lambda title: f"{title} (Paperback)",
    lambda title: f"{title} [Hardcover]",
    lambda title: f"{title} (2nd Edition)",
    lambda title: f"{title}, Second Edition",
    lambda title: f"{title} (Book Club Series, #3)",
    lambda title: f"  {title.replace(' ', '  ')} ",
    lambda title: title.replace("'", "\u2019"),
    str.upper,
    str.lower,
)


def draw_purchases(
    catalogue: Catalogue, weights: np.ndarray, year: int, first: int, count: int, rng: np.random.Generator
) -> pa.Table:
    """Draw ``count`` purchases of one year; ``first`` is the number of the first one, unique over all years."""
    books = np.searchsorted(np.cumsum(weights), rng.random(count) * weights.sum(), side="right")
    stars = rng.choice(5, count, p=_STAR_SHARES)
    total_votes = rng.geometric(0.35, count) - 1
    columns = {
        "marketplace": pa.repeat("US", count),
        "customer_id": _text(rng.integers(10_000_000, 10_000_000 + _CUSTOMERS, count)),
        "review_id": pa.array([f"R{number:013X}" for number in range(first, first + count)]),
        "product_id": pa.array([f"{book:010d}" for book in books]),
        "product_parent": _text(100_000_000 + books),
        "product_title": _draw_titles(catalogue.titles[books], rng),
        "star_rating": stars + 1,
        "helpful_votes": rng.binomial(total_votes, 0.6),
        "total_votes": total_votes,
        "vine": np.where(rng.random(count) < 0.01, "Y", "N"),
        "verified_purchase": np.where(rng.random(count) < 0.8, "Y", "N"),
        "review_headline": _HEADLINES[stars],
        "review_body": _BODIES[stars],
        "review_date": _draw_dates(year, count, rng),
        "year": np.full(count, year),
    }
    return pa.table([pa.array(columns[field.name]).cast(field.type) for field in SCHEMA], schema=SCHEMA)


def _draw_titles(titles: np.ndarray, rng: np.random.Generator) -> pa.Array:
    drawn = titles.copy()
    for row in np.flatnonzero(rng.random(len(drawn)) < _MESSY_TITLE_SHARE):
        drawn[row] = _MESSES[rng.integers(len(_MESSES))](drawn[row])
    return pa.array(drawn, mask=rng.random(len(drawn)) < _MISSING_TITLE_SHARE, type=pa.string())


def _draw_dates(year: int, count: int, rng: np.random.Generator) -> np.ndarray:
    days = (datetime.date(year + 1, 1, 1) - datetime.date(year, 1, 1)).days
    return np.datetime64(f"{year:04d}-01-01") + rng.integers(days, size=count).astype("timedelta64[D]")


def _text(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers).cast(pa.string())
