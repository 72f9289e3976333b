"""Rules about a cluster's release and the applications that it has, by the dated table of releases. Pure; today comes with the context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emr_pipelines.pipeline_spec.catalog.releases import (
    Release,
    find_release,
    known_applications,
    newest_releases,
    read_release_table,
    releases_with,
)
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.spelling import closest
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.cluster import is_long_running

_RELEASE: Path = ("cluster", "release")
_APPLICATIONS: Path = ("cluster", "applications")
_NOTEBOOKS = "JupyterEnterpriseGateway"
# AWS attaches notebooks to clusters with these only (Management Guide, "Requirements … for EMR Notebooks"). JupyterHub brings both along.
_NOTEBOOKS_NEED = ("Livy", "Spark")


def check_known(context: Context) -> Iterator[RuleViolation]:
    """The release is in the table; one that is not may be newer than the table."""
    label = context.spec.cluster.release
    if label is None or find_release(label) or is_long_running(context):
        return
    table = read_release_table()
    guess = closest(label, [release.label for release in table.releases])
    newest = _join([release.label for release in newest_releases()])
    yield RuleViolation(
        path=_RELEASE,
        message=f"{label} is not in the table of releases of {table.as_of}, so nothing about it is checked",
        fix=(f"Did you mean {guess!r}? " if guess else "")
        + f"The newest known are {newest}; one that is newer than the table can be used as it is.",
    )


def check_support(context: Context) -> Iterator[RuleViolation]:
    """AWS supports the release today."""
    release = _known_release(context)
    if release is None or release.is_supported(context.today):
        return
    message = f"AWS ended the standard support of {release.label} on {release.standard_support_until}"
    if release.security_fixes_until and context.today <= release.security_fixes_until:
        message += f"; until {release.security_fixes_until} it only gets critical security fixes, as far as possible"
    if context.today >= release.end_of_life:
        message += f"; since its end of life on {release.end_of_life} AWS may remove it"
    yield RuleViolation(path=_RELEASE, message=message, fix=_suggest_successor(context, release))


def check_applications(context: Context) -> Iterator[RuleViolation]:
    """Applications are known to EMR, and each is named once."""
    known = known_applications()
    seen: set[str] = set()
    for index, name in enumerate(context.spec.cluster.applications or []):
        path = (*_APPLICATIONS, index)
        if name not in known:
            guess = closest(name, known)
            yield RuleViolation(
                path=path,
                message=f"EMR has no application {name!r}",
                fix=f"Did you mean {guess!r}?" if guess else f"Known applications: {', '.join(known)}.",
            )
        if name.casefold() in seen:
            yield RuleViolation(path=path, message=f"the application {name!r} is here twice", fix="Remove one of them.")
        seen.add(name.casefold())


def check_release_applications(context: Context) -> Iterator[RuleViolation]:
    """The release has each application."""
    release = _known_release(context)
    if release is None:
        return
    for index, name in enumerate(context.spec.cluster.applications or []):
        having = releases_with(name)
        if name not in release.applications and having:
            newest = _join([each.label for each in having])
            lines = "the newest of its line" if len(having) == 1 else "the newest of their lines"
            yield RuleViolation(
                path=(*_APPLICATIONS, index),
                message=f"{release.label} has no {name}",
                fix=f"Remove it, or use a release that has it: {newest} ({lines}).",
            )


def check_spark_installed(context: Context) -> Iterator[RuleViolation]:
    """A spark step needs Spark on the cluster."""
    cluster = context.spec.cluster
    if not cluster.applications or "spark" in [name.casefold() for name in cluster.applications]:
        return
    first = next((step.name for step in context.spec.steps if step.spark), None)
    if first and not (cluster.release or "").startswith("emr-spark-"):
        yield RuleViolation(
            path=_APPLICATIONS,
            message=f"Spark is not among the applications, but step {first!r} needs it",
            fix="Add Spark.",
        )


def check_notebooks(context: Context) -> Iterator[RuleViolation]:
    """Notebooks find what they talk to."""
    names = context.spec.cluster.applications or []
    missing = [name for name in _NOTEBOOKS_NEED if name not in names]
    if _NOTEBOOKS in names and missing:
        yield RuleViolation(
            path=(*_APPLICATIONS, names.index(_NOTEBOOKS)),
            message=f"{_NOTEBOOKS} without {_join(missing)}: EMR Studio attaches notebooks to clusters with Spark and Livy only",
            fix=f"Add {_join(missing)}, or remove {_NOTEBOOKS}.",
        )


def _known_release(context: Context) -> Release | None:
    label = context.spec.cluster.release
    return None if label is None or is_long_running(context) else find_release(label)


def _suggest_successor(context: Context, release: Release) -> str:
    supported = newest_releases(each for each in read_release_table().releases if each.is_supported(context.today))
    in_line = next((each for each in supported if each.line == release.line), None)
    if in_line:
        return (
            f"Use {in_line.label}, the newest of its line, which is supported until {in_line.standard_support_until}."
        )
    if not supported:
        return f"The table of releases is of {read_release_table().as_of} and holds none that is supported: look for a newer one."
    last = next(each.label for each in newest_releases() if each.line == release.line)
    others = _join([f"{each.label} (until {each.standard_support_until})" for each in supported])
    return f"No release of its line is supported any more, not even the newest, {last}. Use one that is: {others}."


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
