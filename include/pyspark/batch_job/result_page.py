"""The frame of every page that a job writes: one look, light and dark. Pure: no I/O; a page needs no network and no script."""

from collections.abc import Sequence
from string import Template

_STYLE = """
:root { color-scheme: light dark; --page: #f6f5f2; --card: #fff; --text: #24211d; --quiet: #6b655c; --line: #e3dfd7; }
@media (prefers-color-scheme: dark) {
  :root { --page: #1b1a18; --card: #262421; --text: #eeeae3; --quiet: #aaa296; --line: #3b3834; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { margin: 0 0 .75rem; font-size: 1.35rem; }
header p, caption { color: var(--quiet); }
nav a { display: inline-block; margin: 0 .35rem .35rem 0; padding: .1rem .7rem; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); color: inherit; text-decoration: none; }
nav a:hover, nav a:focus { border-color: currentColor; }
section { margin-top: 1.5rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; overflow-x: auto; }
img { display: block; max-width: 100%; height: auto; border-radius: .5rem; background: #fff; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-bottom: 1rem; }
caption { text-align: left; padding-bottom: .35rem; }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; font-weight: normal;
  vertical-align: top; }
thead th { color: var(--quiet); font-size: .85rem; }
.number { text-align: right; }
.wide { width: 100%; }
.source { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
"""

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<header>
<h1>$title</h1>
$introduction
</header>
<main>
$body
</main>
</body>
</html>
""")


def write_page(
    *, title: str, body: str, summary: str = "", links: Sequence[tuple[str, str]] = (), style: str = ""
) -> str:
    """Write a page. ``title``, ``summary``, ``body`` and the links' texts are HTML already.

    ``links`` are pairs of a section's id and its text; ``style`` is what only this page needs, after the common rules.
    """
    introduction = [f"<p>{summary}</p>"] if summary else []
    if links:
        anchors = "".join(f'<a href="#{target}">{text}</a>' for target, text in links)
        introduction.append(f'<nav aria-label="Sections">{anchors}</nav>')
    return _PAGE.substitute(title=title, style=_STYLE + style, introduction="\n".join(introduction), body=body)
