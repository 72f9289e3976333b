"""Where everything about runs is read: one environment's EMR and S3. Clients are passed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

    from emr_pipelines.emr.emr_api import EmrApi


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSources:
    """The clients of an environment, its name, its region, and the bucket (s3://name) of its runs."""

    api: EmrApi
    s3: S3Client
    environment: str
    region: str
    bucket: str
