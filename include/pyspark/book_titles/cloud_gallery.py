"""Writes the gallery page of the word clouds as HTML text. Pure: no I/O; the page needs no network and no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template

_TOP_WORDS = 10

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --page: #f6f5f2; --card: #fff; --text: #24211d; --quiet: #6b655c; --line: #e3dfd7; }
@media (prefers-color-scheme: dark) {
  :root { --page: #1b1a18; --card: #262421; --text: #eeeae3; --quiet: #aaa296; --line: #3b3834; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
header p { color: var(--quiet); margin: 0 0 1.25rem; }
nav a { display: inline-block; margin: 0 .35rem .35rem 0; padding: .1rem .7rem; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); color: inherit; text-decoration: none; }
nav a:hover, nav a:focus { border-color: currentColor; }
section, .film { margin-top: 2rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; }
section { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 3fr) minmax(14rem, 1fr); align-items: start; }
section h2, .film h2 { grid-column: 1 / -1; margin: 0; font-size: 1.35rem; }
.film h2 { margin-bottom: 1rem; }
img { display: block; width: 100%; height: auto; border-radius: .5rem; background: #fff; }
.film img { max-width: 50rem; margin: 0 auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding-bottom: .35rem; }
th, td { padding: .3rem .25rem; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal; }
thead th { color: var(--quiet); font-size: .85rem; }
td { text-align: right; }
thead th:last-child { text-align: right; }
@media (max-width: 45rem) { section { grid-template-columns: 1fr; } }
</style>
</head>
<body>
<header>
<h1>$title</h1>
<p>$summary</p>
</header>
<main>
$body
</main>
</body>
</html>
""")


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
        return _PAGE.substitute(
            title=title, summary="There are no words for these years, so no picture was made.", body=""
        )
    years = [str(cloud.year) for cloud in clouds]
    span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    summary = f"The words of the book titles bought in {span}; the larger a word, the more titles use it."
    links = "".join(f'<a href="#year-{year}">{year}</a>' for year in years)
    parts = [f'<nav aria-label="Years">{links}</nav>']
    if film is not None:
        parts.append(_film_part(clouds, film, span))
    parts.extend(_year_part(cloud) for cloud in clouds)
    return _PAGE.substitute(title=title, summary=summary, body="\n".join(parts))


def _film_part(clouds: Sequence[YearCloud], film: str, span: str) -> str:
    # Whoever asks the system for less motion gets the last year's picture, which stands still.
    return f"""<div class="film">
<h2>Year by year</h2>
<picture>
<source media="(prefers-reduced-motion: reduce)" srcset="{clouds[-1].picture}">
<img src="{film}" alt="The word clouds of {span} one after another">
</picture>
</div>"""


def _year_part(cloud: YearCloud) -> str:
    top = cloud.frequencies[:_TOP_WORDS]
    rows = "\n".join(f'<tr><th scope="row">{escape(word)}</th><td>{count:,}</td></tr>' for word, count in top)
    words = ", ".join(word for word, _ in top)
    alt = escape(f"Word cloud of the book titles bought in {cloud.year}. Most frequent words: {words}.")
    return f"""<section id="year-{cloud.year}">
<h2>{cloud.year}</h2>
<a href="{cloud.picture}"><img src="{cloud.picture}" alt="{alt}" loading="lazy"></a>
<table>
<caption>Most frequent of {cloud.total:,} words</caption>
<thead><tr><th scope="col">Word</th><th scope="col">Times</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>"""
