"""The operations on security configurations and on the block-public-access setting (kept and shown; nothing is enforced here)."""

from __future__ import annotations

from collections.abc import Mapping

from emr_local.operations.calls import Call, Operation
from emr_local.operations.pagination import take_page
from emr_local.operations.parameters.security import check_security_configuration
from emr_local.resources.identifiers import ACCOUNT_ID
from emr_local.resources.records import Json, SecurityConfiguration
from emr_local.wire.api_errors import invalid_request


def _create_security_configuration(call: Call) -> Json:
    name, text = call.parameters["Name"], call.parameters["SecurityConfiguration"]
    if call.find_security_configuration(name) is not None:
        raise invalid_request(f"SecurityConfiguration with name '{name}' already exists.")
    check_security_configuration(text)
    call.store.save_security_configuration(SecurityConfiguration(name=name, text=text, created_at=call.now))
    return {"Name": name, "CreationDateTime": call.now}


def _describe_security_configuration(call: Call) -> Json:
    found = _require_configuration(call)
    return {"Name": found.name, "SecurityConfiguration": found.text, "CreationDateTime": found.created_at}


def _delete_security_configuration(call: Call) -> Json:
    name = _require_configuration(call).name
    if call.store.find_security_configuration(name) is None:
        raise invalid_request(f"Security configuration '{name}' belongs to a CloudFormation stack: delete the stack.")
    call.store.delete_security_configuration(name)
    return {}


def _list_security_configurations(call: Call) -> Json:
    page, rest = take_page(call.list_security_configurations(), call.parameters.get("Marker"), lambda each: each.name)
    return {
        "SecurityConfigurations": [{"Name": each.name, "CreationDateTime": each.created_at} for each in page],
        **rest,
    }


def _require_configuration(call: Call) -> SecurityConfiguration:
    name = call.parameters["Name"]
    found = call.find_security_configuration(name)
    if found is None:
        raise invalid_request(f"Security configuration with name '{name}' does not exist.")
    return found


def _get_block_public_access_configuration(call: Call) -> Json:
    setting = call.store.public_access
    return {
        "BlockPublicAccessConfiguration": setting["configuration"],
        "BlockPublicAccessConfigurationMetadata": {
            "CreationDateTime": setting["created_at"],
            "CreatedByArn": f"arn:aws:iam::{ACCOUNT_ID}:root",
        },
    }


def _put_block_public_access_configuration(call: Call) -> Json:
    call.store.save_public_access(call.parameters["BlockPublicAccessConfiguration"], call.now)
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "CreateSecurityConfiguration": _create_security_configuration,
    "DescribeSecurityConfiguration": _describe_security_configuration,
    "DeleteSecurityConfiguration": _delete_security_configuration,
    "ListSecurityConfigurations": _list_security_configurations,
    "GetBlockPublicAccessConfiguration": _get_block_public_access_configuration,
    "PutBlockPublicAccessConfiguration": _put_block_public_access_configuration,
}
