"""Security findings as JUnit XML, which CI servers show as tests. Pure: gives the text and prints nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from emr_pipelines.cli.audit.finding_texts import finding_text
from emr_pipelines.plan.security.findings import SecurityFinding, Severity, rank
from emr_pipelines.plan.security.registry import RULES
from emr_pipelines.plan.security.suppressions import SUPPRESSION_RULES

# What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(environment: str, found: Mapping[str, Sequence[SecurityFinding]], fail_on: Severity) -> str:
    """A suite for each pipeline with a test for each rule: failed from `fail_on` on, skipped where all is suppressed."""
    root = ElementTree.Element("testsuites", name=f"emr-pipelines audit ({environment})")
    for name, findings in found.items():
        suite = ElementTree.SubElement(root, "testsuite", name=_text(name))
        for rule in (*RULES, *SUPPRESSION_RULES):
            of_rule = [finding for finding in findings if finding.rule == rule.id]
            _add_case(suite, name, rule.id, of_rule, fail_on)
        _count(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _add_case(
    suite: ElementTree.Element, pipeline: str, rule: str, findings: Sequence[SecurityFinding], fail_on: Severity
) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=_text(pipeline), name=rule)
    still_open = [finding for finding in findings if not finding.suppressed]
    failing = [finding for finding in still_open if rank(finding.severity) >= rank(fail_on)]
    if findings:
        case.attrib |= {"file": _text(findings[0].file), "line": str(findings[0].line)}
    told = "\n".join(finding_text(finding) for finding in findings)
    if failing:
        ElementTree.SubElement(
            case, "failure", type=failing[0].severity, message=_text(failing[0].message)
        ).text = _text(told)
    elif findings and not still_open:
        ElementTree.SubElement(case, "skipped", message=_text(findings[0].reason or "")).text = _text(told)
    elif findings:
        ElementTree.SubElement(case, "system-out").text = _text(told)


def _count(suite: ElementTree.Element) -> None:
    cases = len(suite.findall("testcase"))
    suite.attrib |= {"tests": str(cases), "errors": "0"}
    suite.attrib |= {
        plural: str(len(suite.findall(f"testcase/{tag}")))
        for plural, tag in (("failures", "failure"), ("skipped", "skipped"))
    }


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
