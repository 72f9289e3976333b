"""Diagrams as SVG: boxes on a grid, arrows between them, colours for light and dark pages. Pure: the same boxes give the same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

Side = Literal["left", "right", "top", "bottom"]
LINE_HEIGHT = 17
STYLE = """\
  .page { fill: #ffffff; }
  text { font: 13px system-ui, sans-serif; fill: #1f2430; }
  .title { font-weight: 600; }
  .small { font-size: 12px; fill: #57606f; }
  .box { fill: #f5f7fb; stroke: #8b98b1; }
  .own { fill: #e4ebff; stroke: #4759b8; }
  .outside { fill: #fff6e3; stroke: #b98a2c; }
  .arrow { stroke: #57606f; stroke-width: 1.4; fill: none; marker-end: url(#head); }
  .head { fill: #57606f; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #1b1f2a; }
    text { fill: #e6e9f0; } .small { fill: #aab3c5; }
    .box { fill: #262b38; stroke: #66718a; } .own { fill: #28335f; stroke: #8c9df0; }
    .outside { fill: #43371c; stroke: #d0a548; } .arrow { stroke: #aab3c5; } .head { fill: #aab3c5; }
  }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box with a title and lines below it; all measures are pixels."""

    x: int
    y: int
    width: int
    title: str
    lines: Sequence[str] = ()
    kind: Literal["box", "own", "outside"] = "box"

    @property
    def height(self) -> int:
        """As high as its lines."""
        return 20 + LINE_HEIGHT * (1 + len(self.lines))

    def point(self, side: Side) -> tuple[int, int]:
        """The middle of a side."""
        middle_x, middle_y = self.x + self.width // 2, self.y + self.height // 2
        sides: dict[Side, tuple[int, int]] = {
            "left": (self.x, middle_y),
            "right": (self.x + self.width, middle_y),
            "top": (middle_x, self.y),
            "bottom": (middle_x, self.y + self.height),
        }
        return sides[side]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From a side of one box to a side of another, with a word beside it."""

    start: Box
    end: Box
    sides: tuple[Side, Side] = ("right", "left")
    label: str = ""


def draw(title: str, boxes: Iterable[Box], arrows: Iterable[Arrow] = ()) -> str:
    """The diagram as an SVG document; `title` is for those who do not see it."""
    shown = list(boxes)
    width = max(box.x + box.width for box in shown) + 10
    height = max(box.y + box.height for box in shown) + 10
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{STYLE}\n</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
            # A page may be dark where the system is light, and the other way round.
            f'<rect class="page" width="{width}" height="{height}" rx="6"/>',
            *(_arrow(arrow) for arrow in arrows),
            *(_box(box) for box in shown),
            "</svg>",
            "",
        ]
    )


def _box(box: Box) -> str:
    middle = box.x + box.width // 2
    texts = [("title", box.title), *(("small", line) for line in box.lines)]
    return "\n".join(
        [
            f'<rect class="{box.kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"/>',
            *(
                f'<text class="{name}" x="{middle}" y="{box.y + 23 + place * LINE_HEIGHT}" text-anchor="middle">'
                f"{escape(text)}</text>"
                for place, (name, text) in enumerate(texts)
            ),
        ]
    )


def _arrow(arrow: Arrow) -> str:
    (x1, y1), (x2, y2) = arrow.start.point(arrow.sides[0]), arrow.end.point(arrow.sides[1])
    sideways = arrow.sides[0] in ("left", "right")
    bend = (
        f"C{(x1 + x2) // 2} {y1} {(x1 + x2) // 2} {y2}" if sideways else f"C{x1} {(y1 + y2) // 2} {x2} {(y1 + y2) // 2}"
    )
    path = f'<path class="arrow" d="M{x1} {y1} {bend} {x2} {y2}"/>'
    if not arrow.label:
        return path
    place = f'x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 5}" text-anchor="middle"'
    return f'{path}\n<text class="small" {place}>{escape(arrow.label)}</text>'
