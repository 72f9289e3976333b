"""The pages of the service, each with the method and the status that its log line shows. Data only."""

from collections.abc import Mapping
from types import MappingProxyType

# Page: (method, status). A redirect, 307, follows what changes something.
_ANSWERS = {
    "NextSong": ("PUT", 200),
    "Home": ("GET", 200),
    "Login": ("PUT", 307),
    "Logout": ("PUT", 307),
    "Help": ("GET", 200),
    "Settings": ("GET", 200),
    "Thumbs Up": ("PUT", 307),
    "Thumbs Down": ("PUT", 307),
    "Add to Playlist": ("PUT", 200),
    "Add Friend": ("PUT", 307),
    "Upgrade": ("GET", 200),
    "Downgrade": ("GET", 200),
    "Submit Upgrade": ("PUT", 307),
    "Submit Downgrade": ("PUT", 307),
    "Cancel": ("PUT", 307),
    "Cancellation Confirmation": ("GET", 200),
    "Error": ("GET", 404),
    "About": ("GET", 200),
    "Save Settings": ("PUT", 307),
    "Roll Advert": ("GET", 200),
}

PAGES = tuple(_ANSWERS)
METHODS = tuple(method for method, _ in _ANSWERS.values())
STATUSES = tuple(status for _, status in _ANSWERS.values())
CODES: Mapping[str, int] = MappingProxyType({page: code for code, page in enumerate(PAGES)})

AUTHS = ("Logged In", "Logged Out", "Cancelled", "Guest")
LOGGED_IN, LOGGED_OUT, CANCELLED, GUEST = range(len(AUTHS))
LEVELS = ("free", "paid")
FREE, PAID = range(len(LEVELS))
