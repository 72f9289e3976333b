"""Checks requests and replies against botocore's own model of the EMR service. No HTTP, no state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator

from emr_local.resources.records import Json
from emr_local.wire.api_errors import ApiError, validation_failure


@lru_cache(maxsize=1)
def load_service_model() -> ServiceModel:
    """botocore's model of EMR."""
    return botocore.session.get_session().get_service_model("emr")


def check_request(operation: str, parameters: Any) -> Json:
    """The request's parameters without its nulls; raises AWS's errors for an unknown operation or a shape that does not fit."""
    model = _find_operation(operation)
    if not isinstance(parameters, dict):
        raise ApiError("SerializationException", "The request's body must be a JSON object.")
    given: dict[str, Any] = _drop_nulls(parameters)
    if model.input_shape is None:
        return given
    report = ParamValidator().validate(given, model.input_shape)
    if report.has_errors():
        raise validation_failure(report.generate_report())
    broken = list(_find_broken_constraints(model.input_shape, given, ""))
    if broken:
        plural = "s" if len(broken) > 1 else ""
        raise validation_failure(f"{len(broken)} validation error{plural} detected: {'; '.join(broken)}")
    return given


def check_reply(operation: str, reply: Json) -> None:
    """Raise ValueError if AWS's own clients could not read this reply: an error of this server, not of the request."""
    shape = _find_operation(operation).output_shape
    if shape is None:
        return
    report = ParamValidator().validate(dict(reply), shape)
    if report.has_errors():
        raise ValueError(f"The reply of {operation} does not fit the service model: {report.generate_report()}")


def has_output(operation: str) -> bool:
    """Whether the reply of the operation has a body."""
    return _find_operation(operation).output_shape is not None


def _find_operation(operation: str) -> OperationModel:
    model = load_service_model()
    if operation not in model.operation_names:
        raise ApiError("UnknownOperationException", f"EMR has no operation '{operation}'.")
    return model.operation_model(operation)


def _drop_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_drop_nulls(member) for member in value]
    return value


def _find_broken_constraints(shape: Shape, value: Any, path: str) -> Iterator[str]:
    check = _CHECKS.get(shape.type_name)
    if check is not None:
        yield from check(shape, value, path)


def _check_structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in value.items():
        below = name[0].lower() + name[1:]
        yield from _find_broken_constraints(shape.members[name], member, f"{path}.{below}" if path else below)


def _check_list(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    for number, member in enumerate(value, start=1):
        yield from _find_broken_constraints(shape.member, member, f"{path}.{number}.member")


def _check_string(shape: Any, value: str, path: str) -> Iterator[str]:
    longest = shape.metadata.get("max")
    if shape.enum and value not in shape.enum:
        yield _describe(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    elif longest is not None and len(value) > longest:
        yield _describe(value, path, f"Member must have length less than or equal to {longest}")


def _describe(value: str, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


_CHECKS: dict[str, Callable[[Any, Any, str], Iterator[str]]] = {
    "structure": _check_structure,
    "list": _check_list,
    "string": _check_string,
}
