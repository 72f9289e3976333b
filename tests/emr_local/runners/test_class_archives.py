"""The archives of Spark's classes in the user's cache."""

from __future__ import annotations

import os

from emr_local.runners.jvm.class_archive import remove_unused_archives


def test_archives_of_environments_that_nobody_uses_do_not_fill_the_disk(tmp_path):
    for age, key in enumerate(["newest", "second", "old", "oldest"]):
        for name in (f"spark-{key}.jsa", f"spark-{key}.sha256", f"spark-{key}.lock", f"java-{key}.jsa"):
            (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / f"spark-{key}.lock", (1000 - age, 1000 - age))
    (tmp_path / "recording-of-another-server").mkdir()
    remove_unused_archives(tmp_path, keep=2)
    left = {path.stem.partition("-")[2] for path in tmp_path.iterdir() if path.is_file()}
    assert left == {"newest", "second"}
    assert len(list(tmp_path.iterdir())) == 2 * 4 + 1
