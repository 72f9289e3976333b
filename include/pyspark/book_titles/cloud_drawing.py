"""Draws word clouds and the film made of them. Bytes in, bytes out: no Spark, no files; same input, same bytes."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import matplotlib
import numpy as np
from matplotlib.colors import to_hex
from PIL import Image, ImageDraw, ImageFont
from wordcloud import WordCloud

_FONT_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_WORD_FONT = str(_FONT_FOLDER / "DejaVuSans-Bold.ttf")
_CAPTION_COLOUR = "#333333"
_FILM_WIDTH = 800
_FRAME_MILLISECONDS = 1200
_SMALLEST_FONT = 8
# Most colour maps end in a colour too light to be read on white.
_DARK_SHARE = 0.8
_WHITE = 255
_OUTSIDE_FROM = 240


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudStyle:
    """How a cloud looks; ``mask`` is a PNG whose white or transparent parts stay empty."""

    width: int
    height: int
    colormap: str
    seed: int
    mask: bytes | None


def is_colormap(name: str) -> bool:
    """Tell whether matplotlib knows a colour map of this name."""
    return name in matplotlib.colormaps


def draw_cloud(year: int, frequencies: Sequence[tuple[str, int]], style: CloudStyle) -> bytes:
    """Draw the words of one year, most frequent first, under a caption and return the picture as PNG."""
    caption_height = max(style.height // 10, 1)
    size = (style.width, style.height - caption_height)
    cloud = WordCloud(
        width=size[0],
        height=size[1],
        mask=None if style.mask is None else _fit_mask(style.mask, size),
        font_path=_WORD_FONT,
        background_color="white",
        color_func=_choose_colour(style.colormap),
        random_state=style.seed,
        max_font_size=max(size[1] // 5, _SMALLEST_FONT),
        max_words=len(frequencies),
        prefer_horizontal=0.95,
        relative_scaling=0.5,
        margin=max(style.width // 300, 1),
    ).generate_from_frequencies(dict(frequencies))
    if not cloud.layout_:
        raise ValueError(f"no word of {year} fits: the mask leaves too little room, or the picture is too small")
    picture = Image.new("RGB", (style.width, style.height), "white")
    picture.paste(cloud.to_image(), (0, caption_height))
    font = ImageFont.truetype(_WORD_FONT, max(caption_height * 6 // 10, _SMALLEST_FONT))
    middle = (style.width // 2, caption_height // 2)
    ImageDraw.Draw(picture).text(middle, str(year), font=font, fill=_CAPTION_COLOUR, anchor="mm")
    return _encode_png(picture)


def draw_film(pictures: Sequence[bytes]) -> bytes:
    """Make one looping GIF of the pictures, in the order given."""
    frames = [_film_frame(picture) for picture in pictures]
    film = io.BytesIO()
    frames[0].save(
        film,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=_FRAME_MILLISECONDS,
        loop=0,
        optimize=False,
    )
    return film.getvalue()


def _choose_colour(colormap: str) -> Callable[..., str]:
    colours = matplotlib.colormaps[colormap]

    def choose(*_: object, random_state: Random, **__: object) -> str:
        return to_hex(colours(random_state.uniform(0, _DARK_SHARE)))

    return choose


def _fit_mask(mask: bytes, size: tuple[int, int]) -> np.ndarray:
    shape = Image.open(io.BytesIO(mask)).convert("RGBA")
    scale = min(size[0] / shape.width, size[1] / shape.height)
    shape = shape.resize((max(int(shape.width * scale), 1), max(int(shape.height * scale), 1)))
    canvas = Image.new("RGBA", size, "white")
    canvas.alpha_composite(shape, ((size[0] - shape.width) // 2, (size[1] - shape.height) // 2))
    # Only pure white keeps words out, and scaling blurs an edge into near-white.
    return np.where(np.array(canvas.convert("L")) >= _OUTSIDE_FROM, _WHITE, 0).astype(np.uint8)


def _film_frame(picture: bytes) -> Image.Image:
    frame = Image.open(io.BytesIO(picture))
    frame.thumbnail((_FILM_WIDTH, frame.height))
    return frame.quantize(colors=256)


def _encode_png(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, format="PNG", optimize=False)
    return encoded.getvalue()
