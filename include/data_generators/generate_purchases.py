"""Writes made-up book purchases of any size as a folder tree of Parquet files. Local files only, constant memory."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from purchases.catalogue import Catalogue, read_catalogue, share_rows, weigh_books
from purchases.rows import SCHEMA, draw_purchases
from year_span import read_year_span

_TREE = Path("product_category=Books")
_FILE = "part-00000.snappy.parquet"
_CHUNK_ROWS = 100_000


def main(argv: Sequence[str]) -> int:
    """Write the purchases asked for on the command line and return the exit code."""
    options = _parser().parse_args(argv)
    root = options.output / _TREE
    if root.exists():
        sys.stderr.write(f"generate_purchases: {root} already exists. Delete it, or choose another --output\n")
        return 1
    try:
        catalogue = read_catalogue(options.titles, np.random.default_rng(options.seed))
        shares = share_rows(catalogue, options.years, options.rows)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"generate_purchases: {error}\n")
        return 1
    first = 0
    for year, rows in shares.items():
        if rows:
            write_year(root / f"year={year}", catalogue, year, range(first, first + rows), options.seed)
        first += rows
    sys.stdout.write(f"{options.rows} purchases of {len(catalogue.titles)} books written to {root}\n")
    return 0


def write_year(folder: Path, catalogue: Catalogue, year: int, numbers: range, seed: int) -> None:
    """Write the purchases of one year, a chunk at a time; the same seed and numbers give the same file."""
    rng = np.random.default_rng([seed, year])
    weights = weigh_books(catalogue, year)
    folder.mkdir(parents=True)
    with pq.ParquetWriter(folder / _FILE, SCHEMA, compression="snappy") as writer:
        for first in numbers[::_CHUNK_ROWS]:
            count = min(_CHUNK_ROWS, numbers.stop - first)
            writer.write_table(draw_purchases(catalogue, weights, year, first, count, rng))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="generate_purchases", description=__doc__)
    parser.add_argument("--titles", type=Path, required=True, help="CSV file with product_title, author and year")
    parser.add_argument("--output", type=Path, required=True, help="folder in which product_category=Books/ is made")
    parser.add_argument("--rows", type=int, default=20_000, help="purchases in all years together")
    parser.add_argument("--years", type=read_year_span, default="1995-2015", metavar="FIRST-LAST")
    parser.add_argument("--seed", type=int, default=42)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
