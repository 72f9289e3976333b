"""The outputs of the pipeline word_clouds, as its tests see them."""

from __future__ import annotations

import re
from pathlib import Path

BUCKET = "emr-pipelines-local"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def gallery_years(state_dir: Path) -> set[int]:
    """The years whose published gallery is whole: an index, its marker, and a real PNG of that year and no other."""
    years = set()
    for gallery in (state_dir / "s3" / BUCKET / "word_clouds").glob("year=*"):
        year = int(gallery.name.removeprefix("year="))
        pictures = sorted(gallery.glob("*.png"))
        assert [re.findall(r"\d{4}", picture.name) for picture in pictures] == [[str(year)]]
        assert pictures[0].read_bytes().startswith(PNG_SIGNATURE)
        assert (gallery / "index.html").is_file()
        assert (gallery / "_SUCCESS").is_file()
        years.add(year)
    return years
