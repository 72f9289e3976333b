"""Writes the page of the city tables as HTML text. Pure: no I/O; the page needs no network and no script."""

import calendar
from collections.abc import Sequence
from html import escape

from batch_job import result_page
from city_tables.city_rows import CityRow, CityTable, YearMonth
from city_tables.header_comparison import HeaderReport


def write_page(table: CityTable, reports: Sequence[HeaderReport], picture: str) -> str:
    """Write the page: the picture of that name, the cities shown in it, and the files that were left out."""
    different = [(report, file) for report in reports for file in report.different]
    parts = [_cities_part(table, picture)] if table.cities else []
    if different:
        rows = "\n".join(
            f"<tr><td>{escape(report.name)}</td><td><code>{escape(file.uri)}</code></td><td>{escape(file.reason)}</td></tr>"
            for report, file in different
        )
        parts.append(f"""<section id="left-out">
<h2>Files left out</h2>
<table class="wide">
<caption>Their columns are not those of the other files of the same input.</caption>
<thead><tr><th scope="col">Input</th><th scope="col">File</th><th scope="col">Difference</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>""")
    return result_page.write_page(
        title="Cities and their months", summary=_summary(table, len(different)), body="\n".join(parts)
    )


def _summary(table: CityTable, different: int) -> str:
    left_out = f" Files left out for their columns: {different}." if different else ""
    if not table.cities:
        return f"There is no measurement of a listed city.{left_out}"
    span = f"{_month_name(table.months[0])} to {_month_name(table.months[-1])}"
    return f"The {len(table.cities)} largest cities, {span}.{left_out}"


def _cities_part(table: CityTable, picture: str) -> str:
    rows = "\n".join(_city_row(city) for city in table.cities)
    return f"""<section>
<h2>Temperatures</h2>
<img src="{picture}" alt="Mean temperature of each month in {len(table.cities)} cities, from north to south">
</section>
<section>
<h2>Cities</h2>
<table class="wide">
<thead><tr><th scope="col">City</th><th scope="col">Country</th><th scope="col" class="number">Inhabitants</th>
<th scope="col">Coldest month</th><th scope="col">Warmest month</th><th scope="col" class="number">Rain, mm</th>
<th scope="col" class="number">Months</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</section>"""


def _city_row(city: CityRow) -> str:
    by_temperature = sorted(city.months, key=lambda month: (city.months[month].mean_temperature_c, month))
    rain = sum(weather.rain_mm for weather in city.months.values())
    inhabitants = "" if city.population is None else f"{city.population:,}"
    return (
        f'<tr><th scope="row">{escape(city.city)}</th><td>{escape(city.country)}</td><td class="number">{inhabitants}</td>'
        f"<td>{_month_cell(city, by_temperature[0])}</td><td>{_month_cell(city, by_temperature[-1])}</td>"
        f'<td class="number">{rain:,.0f}</td><td class="number">{len(city.months)}</td></tr>'
    )


def _month_cell(city: CityRow, month: YearMonth) -> str:
    return f"{_month_name(month)}, {city.months[month].mean_temperature_c:.1f} °C"


def _month_name(month: YearMonth) -> str:
    return f"{calendar.month_name[month[1]]} {month[0]}"
