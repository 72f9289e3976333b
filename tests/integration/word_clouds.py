"""The inputs and outputs of the pipeline word_clouds, as its tests see them."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BUCKET = "emr-pipelines-local"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def put_purchases(s3: Any, project: Path, years: Iterable[int]) -> None:
    """Generated purchases of the given years, where the environment `local` has its data."""
    s3.create_bucket(Bucket=BUCKET)
    years = list(years)
    with tempfile.TemporaryDirectory() as folder:
        generator = project / "include" / "data_generators" / "generate_purchases.py"
        command = [sys.executable, str(generator), "--titles", str(project / "include" / "data" / "book_titles.csv")]
        command += ["--output", folder, "--rows", "5000", "--years", f"{years[0]}-{years[-1]}", "--seed", "1"]
        subprocess.run(command, check=True, cwd=project, capture_output=True)
        for path in Path(folder).rglob("*.parquet"):
            s3.upload_file(str(path), BUCKET, f"data/amazon_reviews/{path.relative_to(folder).as_posix()}")


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
