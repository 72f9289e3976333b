"""The books that can be bought and how popular each is in a year. Reads one CSV file; writes nothing."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_ZIPF_EXPONENT = 0.9
_YEARLY_DECAY = 0.7
_EVERGREEN_SHARE = 0.02
_GROWTH = 1.12


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Books in the order of the file; ``published`` is 0 where the year is unknown."""

    titles: np.ndarray
    published: np.ndarray
    popularity: np.ndarray


def read_catalogue(path: Path, rng: np.random.Generator) -> Catalogue:
    """Read ``product_title,author,year`` lines and give each book a popularity of its own, a few of them a huge one."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"product_title", "year"}.difference(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path} has no column {', '.join(sorted(missing))}; columns found: {reader.fieldnames}")
        books = [(row["product_title"].strip(), row["year"].strip()) for row in reader]
    books = [(title, year) for title, year in books if title]
    if not books:
        raise ValueError(f"{path} lists no books")
    ranks = rng.permutation(len(books)) + 1
    return Catalogue(
        titles=np.array([title for title, _ in books], dtype=object),
        published=np.array([int(year) if year.lstrip("-").isdigit() else 0 for _, year in books]),
        popularity=ranks**-_ZIPF_EXPONENT,
    )


def weigh_books(catalogue: Catalogue, year: int) -> np.ndarray:
    """Weigh each book's sales in a year: most in the year it came out, fewer each year after, none before."""
    age = year - catalogue.published
    demand = np.maximum(_YEARLY_DECAY ** np.maximum(age, 0), _EVERGREEN_SHARE)
    return np.where(age < 0, 0.0, catalogue.popularity * demand)


def share_rows(catalogue: Catalogue, years: range, rows: int) -> dict[int, int]:
    """Share the rows among the years: trade grows from year to year, and a year without books gets none."""
    weights = np.array([_GROWTH**n * bool(weigh_books(catalogue, year).any()) for n, year in enumerate(years)])
    if not weights.any():
        raise ValueError(f"no book was published in or before {years[-1]}, so there is nothing to buy")
    ends = np.round(np.cumsum(weights) / weights.sum() * rows).astype(int)
    return {year: int(end - start) for year, start, end in zip(years, [0, *ends[:-1]], ends, strict=True)}
