"""Whether a run's external inputs hold anything, before money is spent on them: a missing one fails or skips the task. Reads S3, changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from emr_pipelines.dag.evidence import EMPTY_KEY
from emr_pipelines.storage.inputs import InputsMissing, require_inputs

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from types_boto3_s3.client import S3Client


class ExternalInputs(TypedDict):
    """The s3:// inputs of one step that no step of the pipeline writes, and what their absence means ("fail" or "skip")."""

    step: str
    uris: list[str]
    on_empty: str
    place: str


def refuse_missing_inputs(
    s3: S3Client, inputs: Iterable[ExternalInputs], ti: RuntimeTaskInstanceProtocol, *, hint: str = ""
) -> None:
    """Fail the task when an input holds nothing, or skip it (and with it all that follows) when its step says `on_empty: skip`; what was empty is left for the run's verdict.

    `hint` is what else may explain it.
    """
    try:
        for one in inputs:
            require_inputs(s3, one["step"], one["uris"], on_empty=one["on_empty"], place=one["place"])
    except InputsMissing as missing:
        if not missing.skips:
            raise AirflowFailException(f"{missing}. {hint}" if hint else str(missing)) from None
        ti.xcom_push(key=EMPTY_KEY, value=str(missing))
        raise AirflowSkipException(str(missing)) from None
