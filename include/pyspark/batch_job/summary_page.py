"""Writes a small table as people look at it: a page, a chart of its second column and a CSV file. Writes from the driver, ``_SUCCESS`` last."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from pyspark.sql import DataFrame, SparkSession

from batch_job import result_page
from batch_job.bar_chart import draw_bars, show_amount
from batch_job.hadoop_files import write_bytes

PAGE, PICTURE, TABLE = "index.html", "chart.png", "table.csv"
NO_LABEL = "(none)"
_BARS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A table for people: its first column is a label; of the others the numbers are amounts. ``about`` says in one sentence what it is."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def collect_summary(title: str, about: str, table: DataFrame, *, most: int) -> Summary:
    """Fetch a table, no more than ``most`` rows of it, in its order."""
    rows = tuple(tuple(row) for row in table.limit(most).collect())
    return Summary(title=title, about=about, columns=tuple(table.columns), rows=rows)


def write_summary(spark: SparkSession, summary: Summary, output: str) -> None:
    """Write the files of a summary below ``output``; without amounts in the second column there is no picture."""
    files = {TABLE: write_csv(summary).encode(), PAGE: write_page(summary).encode()}
    if has_chart(summary):
        bars = [(_shown(row[0]), _amount(row[1]) or 0.0) for row in summary.rows[:_BARS]]
        files[PICTURE] = draw_bars(f"{summary.title}: {summary.columns[1]} by {summary.columns[0]}", bars)
    for name, content in {**files, "_SUCCESS": b""}.items():
        # Readers take the marker as proof that all files before it are complete.
        write_bytes(spark, f"{output.rstrip('/')}/{name}", content)


def has_chart(summary: Summary) -> bool:
    """Whether there is something to draw: numbers in the second column."""
    amounts = [_amount(row[1]) for row in summary.rows if len(row) > 1 and row[1] is not None]
    return bool(amounts) and None not in amounts


def write_csv(summary: Summary) -> str:
    """Write the table as CSV with a header; a label that is not there is an empty field."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(summary.columns)
    table.writerows(["" if value is None else value for value in row] for row in summary.rows)
    return text.getvalue()


def write_page(summary: Summary) -> str:
    """Write the page of the summary as HTML text, with the picture and the CSV file beside it."""
    title = escape(summary.title)
    if not summary.rows:
        return result_page.write_page(title=title, summary="There are no rows, so there is no picture.", body="")
    picture = ""
    if has_chart(summary):
        words = f"Bars: {escape(summary.columns[1])} by {escape(summary.columns[0])}"
        picture = f'<section>\n<img src="{PICTURE}" alt="{words}">\n</section>\n'
    is_amount = [_holds_amounts(summary, place) for place in range(len(summary.columns))]
    heads = "".join(
        f'<th scope="col"{_class(amount)}>{escape(name)}</th>'
        for name, amount in zip(summary.columns, is_amount, strict=True)
    )
    rows = "\n".join(_row(row, is_amount) for row in summary.rows)
    body = f"""{picture}<section>
<table class="wide">
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p><a href="{TABLE}">The table as CSV</a></p>
</section>"""
    return result_page.write_page(title=title, summary=escape(summary.about), body=body)


def _row(row: Sequence[object], is_amount: Sequence[bool]) -> str:
    # A label may be written from right to left; the numbers beside it stay where they are.
    label = f'<th scope="row"><bdi>{escape(_shown(row[0]))}</bdi></th>'
    cells = (
        f"<td{_class(amount)}>{escape(_cell(value))}</td>" for value, amount in zip(row[1:], is_amount[1:], strict=True)
    )
    return f"<tr>{label}{''.join(cells)}</tr>"


def _class(is_amount: bool) -> str:
    return ' class="number"' if is_amount else ""


def _holds_amounts(summary: Summary, place: int) -> bool:
    return place > 0 and all(row[place] is None or _amount(row[place]) is not None for row in summary.rows)


def _cell(value: object) -> str:
    amount = _amount(value)
    return ("" if value is None else str(value)) if amount is None else show_amount(amount)


def _shown(label: object) -> str:
    """A label on one line."""
    return NO_LABEL if label is None else " ".join(str(label).split()) or NO_LABEL


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if math.isfinite(value) else None
