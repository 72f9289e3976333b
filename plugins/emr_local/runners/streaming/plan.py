"""What a streaming job is to do: plain data between the runner, the job's driver and its tasks. Imports nothing of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

IDENTITY_MAPPER = "org.apache.hadoop.mapred.lib.IdentityMapper"
IDENTITY_REDUCER = "org.apache.hadoop.mapred.lib.IdentityReducer"
AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingPlan:
    """A streaming job as its command line asks for it. A mapper, combiner or reducer is a command; None is the identity (no combiner)."""

    inputs: tuple[str, ...]
    output: str
    mapper: str | None
    combiner: str | None
    reducer: str | None
    reducers: int
    input_format: str
    partitioner: str
    properties: Mapping[str, str]
    environment: Mapping[str, str]
    files: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    lazy_output: bool = False
    notes: tuple[str, ...] = ()

    @property
    def keys_are_offsets(self) -> bool:
        """Tell whether the keys that are sorted are byte offsets (LongWritable) rather than text."""
        return self.mapper is None and self.input_format != "KeyValueTextInputFormat"

    def flag(self, name: str, default: bool) -> bool:
        """Read a property that is true or false."""
        return self.properties.get(name, str(default)).strip().lower() == "true"

    def number(self, name: str, default: int) -> int:
        """Read a property that is a whole number."""
        return int(self.properties.get(name, default))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingJob:
    """A plan on this machine: where its files lie and what its programs see."""

    plan: StreamingPlan
    links: Mapping[str, str]  # what lies in a task's working directory, by name
    places: Mapping[str, str]
    base_environment: Mapping[str, str]
    scratch: str
    error_log: str
    job_environment: Mapping[str, str] = field(default_factory=dict)  # the job's properties, known when Hadoop has them
    job_number: str = "0_0001"

    def as_json(self) -> dict[str, Any]:
        """Give plain data for a process of its own."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> StreamingJob:
        """Read what `as_json` gave."""
        plan: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in fields["plan"].items()
        }
        return cls(**{**fields, "plan": StreamingPlan(**plan)})
