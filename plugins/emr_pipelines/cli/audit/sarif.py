"""Security findings as SARIF 2.1.0, which code hosts and editors show at the line. Pure: gives the text and prints nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from emr_pipelines.cli.terminal.json_text import json_text
from emr_pipelines.plan.security.findings import SecurityFinding, SecurityRule, Severity
from emr_pipelines.plan.security.registry import RULES
from emr_pipelines.plan.security.suppressions import SUPPRESSION_RULES

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES = (*RULES, *SUPPRESSION_RULES)
_INDEXES = {rule.id: index for index, rule in enumerate(_RULES)}
_ROOT = "%SRCROOT%"


def sarif_report(environment: str, found: Mapping[str, Sequence[SecurityFinding]], _fail_on: Severity) -> str:
    """One run with all rules and all findings; a finding that several pipelines have at one place is one result."""
    owners: dict[SecurityFinding, list[str]] = {}
    for name, findings in found.items():
        for finding in findings:
            owners.setdefault(finding, []).append(name)
    driver = {"name": "emr-pipelines", "rules": [_descriptor(rule) for rule in _RULES]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"emr-pipelines/{environment}"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that holds config/pipelines."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, pipelines) for finding, pipelines in owners.items()],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _descriptor(rule: SecurityRule) -> dict[str, Any]:
    same = {tool: one for tool, one in asdict(rule.equivalents).items() if one is not None}
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title[:1].upper()}{rule.title[1:]}."},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["security"], **({"equivalents": same} if same else {})},
    }


def _result(finding: SecurityFinding, pipelines: Sequence[str]) -> dict[str, Any]:
    accepted = {"kind": "inSource", "status": "accepted", "justification": finding.reason}
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEXES[finding.rule],
        "level": finding.severity,
        "message": {"text": f"{finding.message} {finding.fix}"},
        "locations": [{"physicalLocation": _location(finding)}],
        "partialFingerprints": {"emrPipelinesFinding/v1": _fingerprint(finding)},
        "properties": {"pipelines": list(pipelines)},
        # An empty list says that suppressions were looked for, which makes an open finding one for sure.
        "suppressions": [accepted] if finding.suppressed else [],
    }


def _location(finding: SecurityFinding) -> dict[str, Any]:
    artifact = {"uri": quote(finding.file), "uriBaseId": _ROOT}
    return {"artifactLocation": artifact, "region": {"startLine": max(finding.line, 1)}}


def _fingerprint(finding: SecurityFinding) -> str:
    """The same for the same finding when lines above it come and go."""
    return hashlib.sha256(f"{finding.rule}\n{finding.file}\n{finding.message}".encode()).hexdigest()[:32]
