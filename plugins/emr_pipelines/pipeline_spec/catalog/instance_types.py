"""The instance types that EMR offers, as dated facts, and what EMR gives of their memory to YARN. Reads one file of the package, once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

# EMR keeps a quarter of the memory for the system and its own daemons, but at least 2 GiB and at most 8 GiB.
_KEPT_SHARE = 0.25
_KEPT_MB = (2048, 8192)
# With HBase, YARN gets half, and of a larger node about as much as of one with 32 GiB.
_HBASE_SHARE_MB = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """An EC2 instance type as EMR sees it: its memory is what EMR lists, for many newer types a little less than EC2 says."""

    name: str
    vcpus: int
    memory_mb: int
    architecture: Literal["x86_64", "arm64"]
    local_storage_gb: int

    @property
    def yarn_mb(self) -> int:
        """`yarn.nodemanager.resource.memory-mb` as EMR sets it on such a node."""
        least, most = _KEPT_MB
        return int(self.memory_mb - min(most, max(least, self.memory_mb * _KEPT_SHARE)))

    @property
    def yarn_mb_beside_hbase(self) -> int:
        """The same where HBase is installed, to within a few percent."""
        return self.yarn_mb // max(2, math.ceil(self.memory_mb / _HBASE_SHARE_MB))


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceCatalog:
    """All types by name, with the day and the source of the facts."""

    as_of: str
    source: str
    types: Mapping[str, InstanceType]


@lru_cache(maxsize=1)
def instance_catalog() -> InstanceCatalog:
    """The facts of `instance_types.json`."""
    content = json.loads(files(__package__).joinpath("instance_types.json").read_text(encoding="utf-8"))
    return InstanceCatalog(
        as_of=content["as_of"],
        source=content["source"],
        types={
            name: InstanceType(name=name, **dict(zip(content["columns"], facts, strict=True)))
            for name, facts in content["types"].items()
        },
    )


def find_instance_type(name: str) -> InstanceType | None:
    """What is known of a type; None for one that the table does not have."""
    return instance_catalog().types.get(name)
