"""Which data a step needs from elsewhere: addresses that no step of the pipeline writes, and the cluster's own HDFS. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emr_pipelines.spec.placeholders import references_in
from emr_pipelines.spec.s3_places import is_within

_HDFS_COMMANDS = (("hdfs", "dfs"), ("hadoop", "fs"))
# An option, an address with its scheme, or a prefix that is on S3 in every run.
_NO_HDFS_PATH = re.compile(r"-|[A-Za-z][A-Za-z0-9+.-]*:|\$\{(steps|code)\.")


def external_addresses(inputs: Iterable[str], published: Sequence[str]) -> tuple[str, ...]:
    """The inputs that are s3:// addresses and hold nothing of an earlier step: neither its output nor a place where it has published."""
    return tuple(dict.fromkeys(text for text in inputs if _is_external(text, published)))


def _is_external(text: str, published: Sequence[str]) -> bool:
    if not text.startswith("s3://") or any(reference.root == "steps" for reference in references_in(text)):
        return False
    return not any(is_within(text, place) or is_within(place, text) for place in published)


def needs_hdfs(arguments: Iterable[str]) -> bool:
    """Whether a step names something on its cluster's HDFS. In doubt it does: then its data would be lost with the cluster."""
    words = [word for argument in arguments for word in argument.split()]
    if any("hdfs:" in word for word in words):
        return True
    starts = [index for index in range(len(words) - 1) if (words[index], words[index + 1]) in _HDFS_COMMANDS]
    return any(not _NO_HDFS_PATH.match(word) for start in starts for word in words[start + 2 :])
