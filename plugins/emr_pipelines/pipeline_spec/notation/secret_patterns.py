"""Texts and names that look like secrets. Pure; it says what kind of secret a text looks like and never repeats the text."""

from __future__ import annotations

import re

# What a value looks like by itself, with a name for people.
_FORMS = (
    ("an AWS access key id", re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a token of GitHub", re.compile(r"(?<![A-Za-z0-9_])(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})")),
    ("a token of Slack", re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("an address with a password", re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^/\s:@$]+:[^/\s@$]+@")),
)
_NAMES = (
    r"(secret[._-]?(access[._-]?)?key|(session|access|auth|oauth|bearer)[._-]?token|passwd|password|api[._-]?key"
    r"|client[._-]?secret)"
)
_ASSIGNED = re.compile(rf"(?i){_NAMES}\s*[=:]\s*[^\s$]")
# A placeholder, or where a secret is kept.
_ELSEWHERE = re.compile(r"\$\{|secretsmanager:|ssm:|arn:aws[a-z-]*:(secretsmanager|ssm):|true$|false$")
_NAME = re.compile(rf"(?i)({_NAMES}|(^|[._-])(secret|passphrase)|^token)$")


def kind_of_secret(text: str) -> str | None:
    """What kind of secret the text looks like, or None. A placeholder in the place of the value is none."""
    found = next((kind for kind, form in _FORMS if form.search(text)), None)
    return found or ("a password or key behind its name" if _ASSIGNED.search(text) else None)


def names_secret(name: str) -> bool:
    """Whether a key, an option or a parameter of this name holds a secret."""
    return _NAME.search(name) is not None


def is_named_secret(name: str, text: str) -> bool:
    """Whether the text is the secret that its name tells of: not if it is empty, a placeholder, or says where the secret is."""
    return names_secret(name) and text != "" and _ELSEWHERE.match(text) is None
