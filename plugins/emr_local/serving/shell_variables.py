"""What this process, and all that it starts, must not take from the shell of whoever starts it: that shell's AWS is another one, and its proxy does not know this machine."""

from __future__ import annotations

import os

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def forget_the_shell() -> None:
    """Change this process's own variables: no profile, region or endpoint of AWS's, no encoding of a terminal, and no proxy for what is on this machine."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name == "PYTHONIOENCODING"]:
        del os.environ[name]
    given = [os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    hosts = [host.strip() for text in given for host in text.split(",") if host.strip()]
    direct = ",".join(dict.fromkeys([*hosts, *_LOOPBACK]))
    os.environ |= {"no_proxy": direct, "NO_PROXY": direct}
