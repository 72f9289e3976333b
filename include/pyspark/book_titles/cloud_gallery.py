"""Writes the gallery page of the word clouds as HTML text. Pure: no I/O; the page needs no network and no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from batch_job import result_page

_TOP_WORDS = 10
_STYLE = """
.year { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 3fr) minmax(14rem, 1fr); align-items: start; }
.year h2 { grid-column: 1 / -1; margin: 0; }
.year img { width: 100%; }
.film img { width: 100%; max-width: 50rem; margin: 0 auto; }
@media (max-width: 45rem) { .year { grid-template-columns: 1fr; } }
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class YearCloud:
    """One year's picture and the words in it, most frequent first; ``total`` counts all words of the year."""

    year: int
    total: int
    frequencies: tuple[tuple[str, int], ...]

    @property
    def picture(self) -> str:
        """Name of the picture's file, beside the page."""
        return f"word_cloud_{self.year}.png"


def write_gallery(clouds: Sequence[YearCloud], film: str | None) -> str:
    """Write the page that shows the years' clouds and, if there is one, the film named ``film``."""
    title = "Word clouds of book titles"
    if not clouds:
        return result_page.write_page(
            title=title, summary="There are no words for these years, so no picture was made.", body=""
        )
    years = [str(cloud.year) for cloud in clouds]
    span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    summary = f"The words of the book titles bought in {span}; the larger a word, the more titles use it."
    parts = [] if film is None else [_film_part(clouds, film, span)]
    parts.extend(_year_part(cloud) for cloud in clouds)
    return result_page.write_page(
        title=title,
        summary=summary,
        links=[(f"year-{year}", year) for year in years],
        body="\n".join(parts),
        style=_STYLE,
    )


def _film_part(clouds: Sequence[YearCloud], film: str, span: str) -> str:
    # Whoever asks the system for less motion gets the last year's picture, which stands still.
    return f"""<section class="film">
<h2>Year by year</h2>
<picture>
<source media="(prefers-reduced-motion: reduce)" srcset="{clouds[-1].picture}">
<img src="{film}" alt="The word clouds of {span} one after another">
</picture>
</section>"""


def _year_part(cloud: YearCloud) -> str:
    top = cloud.frequencies[:_TOP_WORDS]
    rows = "\n".join(
        f'<tr><th scope="row">{escape(word)}</th><td class="number">{count:,}</td></tr>' for word, count in top
    )
    words = ", ".join(word for word, _ in top)
    alt = escape(f"Word cloud of the book titles bought in {cloud.year}. Most frequent words: {words}.")
    return f"""<section id="year-{cloud.year}" class="year">
<h2>{cloud.year}</h2>
<a href="{cloud.picture}"><img src="{cloud.picture}" alt="{alt}" loading="lazy"></a>
<table class="wide">
<caption>Most frequent of {cloud.total:,} words</caption>
<thead><tr><th scope="col">Word</th><th scope="col" class="number">Times</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>"""
