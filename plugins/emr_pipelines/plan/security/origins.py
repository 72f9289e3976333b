"""Rules about where code comes from: the environment's own bucket, or somebody else's. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.code_origins import code_of, packages_of, repositories_of
from emr_pipelines.plan.security.findings import PlanViolation, SecurityRule

_ADDRESS = re.compile(r"(?i)^(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/]*)")
_S3_SCHEMES = ("s3", "s3a", "s3n")
# Where AWS keeps the scripts that it offers for EMR, per region and for all.
_OF_AWS = re.compile(r"^([a-z]{2}(-[a-z]+)+-[0-9]\.)?elasticmapreduce(\.samples)?$")


def look_for_foreign_code(plan: Plan) -> Iterator[PlanViolation]:
    """Code comes from the environment's bucket, into which only this project writes."""
    own = plan.bucket.removeprefix("s3://")
    for origin in code_of(plan):
        if _is_foreign(origin.address, own):
            yield PlanViolation(
                message=f"{_capital(origin.taker)} runs {origin.address}, which is not in the environment's bucket {own}: who may write there runs code with the "
                "rights of the cluster, and what runs is not what was reviewed.",
                fix="Put the file into the project, from where it is published under a digest of its content.",
                place=origin.place,
            )


def look_for_cleartext(plan: Plan) -> Iterator[PlanViolation]:
    """No code comes over http, where anybody between can change it."""
    for origin in (*code_of(plan), *repositories_of(plan)):
        if origin.address.casefold().startswith("http://"):
            yield PlanViolation(
                message=f"{_capital(origin.taker)} takes code from {origin.address} without TLS: whoever is on the way may put other code in its place.",
                fix="Use https, or put the file into the project.",
                place=origin.place,
            )


def look_for_repositories(plan: Plan) -> Iterator[PlanViolation]:
    """Java packages come from the default repositories."""
    for origin in repositories_of(plan):
        yield PlanViolation(
            message=f"{_capital(origin.taker)} takes Java packages from {origin.address} too: a package of the same name there takes the place of the one meant.",
            fix="Put the jars into the project and name them under py_files, files or conf spark.jars.",
            place=origin.place,
        )


def look_for_packages(plan: Plan) -> Iterator[PlanViolation]:
    """Java packages that are fetched by every run are told."""
    for origin in packages_of(plan):
        yield PlanViolation(
            message=f"{_capital(origin.taker)} fetches {origin.address} and what it depends on from the internet in every run, and nothing checks that it is "
            "what was tested.",
            fix="Put the jars into the project where that matters; a cluster without a way to the internet needs it anyway.",
            place=origin.place,
        )


def _is_foreign(address: str, own_bucket: str) -> bool:
    found = _ADDRESS.match(address)
    if found is None:
        return False
    scheme, host = found["scheme"].casefold(), found["host"]
    if scheme in _S3_SCHEMES:
        return host != own_bucket and _OF_AWS.match(host) is None
    return scheme in ("http", "https", "ftp")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


RULES = (
    SecurityRule(
        id="foreign-code",
        severity="warning",
        title="code from outside of the environment's bucket",
        look=look_for_foreign_code,
    ),
    SecurityRule(id="cleartext-code", severity="error", title="code that comes over http", look=look_for_cleartext),
    SecurityRule(
        id="foreign-repository",
        severity="warning",
        title="a further repository of Java packages",
        look=look_for_repositories,
    ),
    SecurityRule(
        id="remote-packages",
        severity="note",
        title="Java packages fetched by every run",
        look=look_for_packages,
    ),
)
