"""The errors that the EMR API answers with. Data only: no HTTP, no state."""

from __future__ import annotations


class ApiError(Exception):
    """An answer of the API that is an error: AWS's code, its text and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid_request(message: str) -> ApiError:
    """What the newer operations (…Cluster, …Step) answer to a request that cannot be met."""
    return ApiError("InvalidRequestException", message)


def validation_failure(message: str) -> ApiError:
    """What the older operations (…JobFlow) and the shape checks answer."""
    return ApiError("ValidationException", message)


def invalid_cluster_id(cluster_id: str) -> ApiError:
    """The answer of …Cluster and …Step operations to an id that names no cluster."""
    return invalid_request(f"Cluster id '{cluster_id}' is not valid.")


def invalid_job_flow_id() -> ApiError:
    """The answer of …JobFlow operations to an id that names no cluster."""
    return validation_failure("Specified job flow ID not valid")


def not_modifiable() -> ApiError:
    """The answer to a change of a cluster that is going or gone."""
    return validation_failure("A job flow that is shutting down, terminated, or finished may not be modified.")
