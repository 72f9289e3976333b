"""The IAM policy that the command line asks for. Reads the named file and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from emr_local.host.explained_errors import StartupError
from emr_local.iam.policies import Policy, PolicyError, read_policy


def read_policy_flag(file: Path | None) -> Policy | None:
    """The policy of the file; None without one. Raises StartupError for a file that cannot be read or whose policy cannot be applied."""
    if file is None:
        return None
    try:
        return read_policy(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StartupError(
            f"--iam-policy {file}: the file cannot be read: {reason}.", "Name a readable JSON file."
        ) from error
    except ValueError as error:
        raise StartupError(f"--iam-policy {file}: this is not JSON: {error}.", "Write a policy document.") from error
    except PolicyError as error:
        raise StartupError(f"--iam-policy {file}: {error.cause}", error.fix) from error
