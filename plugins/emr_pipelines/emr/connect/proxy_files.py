"""Browser settings that send only a cluster's addresses through the SOCKS proxy: FoxyProxy's import file and a PAC file. Pure text."""

from __future__ import annotations

import json
from typing import Any

# What the addresses of cluster nodes look like (AWS: "Configure proxy settings to view websites hosted on the primary node"); 10.* are private addresses.
_HOSTS = (
    "*.compute.amazonaws.com",
    "*.compute-1.amazonaws.com",
    "*.compute.internal",
    "*.ec2.internal",
    "10.*",
)


def foxyproxy_settings(socks_port: int) -> str:
    """A file that FoxyProxy 8 imports: one SOCKS proxy, on by patterns. Names are looked up on the cluster's side."""
    proxy = {
        "active": True,
        "title": "emr-pipelines",
        "type": "socks5",
        "hostname": "127.0.0.1",
        "port": str(socks_port),
        "username": "",
        "password": "",
        "cc": "",
        "city": "",
        "color": "#1b6ca8",
        "pac": "",
        "pacString": "",
        "proxyDNS": True,
        "include": [_pattern(host) for host in _HOSTS],
        "exclude": [],
    }
    return json.dumps({"mode": "pattern", "data": [proxy]}, indent=2) + "\n"


def pac_file(socks_port: int) -> str:
    """A proxy auto-configuration file for browsers and systems without FoxyProxy."""
    tests = " ||\n      ".join(f'shExpMatch(host, "{host}")' for host in _HOSTS)
    return f"""// Sends the addresses of EMR nodes through the SOCKS proxy of `emr-pipelines connect`, everything else directly.
function FindProxyForURL(url, host) {{
  if ({tests}) {{
    return "SOCKS5 127.0.0.1:{socks_port}";
  }}
  return "DIRECT";
}}
"""


def _pattern(host: str) -> dict[str, Any]:
    # A regular expression over the whole address: it cannot match a page that only mentions such a name in its path.
    text = host.replace(".", r"\.").replace("*", "[^/:]*")
    return {"type": "regex", "title": host, "pattern": f"^https?://{text}(:[0-9]+)?/", "active": True}
