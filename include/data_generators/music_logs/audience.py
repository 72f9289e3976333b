"""What changes about the listeners from session to session: level, strain and whether they are still there."""

from dataclasses import dataclass

import numpy as np

from music_logs.listeners import Listeners
from music_logs.pages import CODES, FREE, PAID

_DAILY_RELIEF = 0.97
_STRAIN_OF = {"Error": 1.0, "Thumbs Down": 0.5, "Roll Advert": 0.15, "Thumbs Up": -0.1}
_MOST_STRAIN = 10.0
_BREAKING_POINT = 4.5
_STEEPNESS = 2.5
_MOST_CANCELS = 0.2
_WHIM = 0.0001


@dataclass(kw_only=True, slots=True)
class Audience:
    """One array entry a listener; ``strain`` grows with errors, bad songs and adverts and wears off by the day."""

    strain: np.ndarray
    level: np.ndarray
    stays: np.ndarray
    busy_until: np.ndarray
    next_session: int = 1

    @classmethod
    def of(cls, listeners: Listeners) -> "Audience":
        """Start with content listeners at the level that each registered with."""
        count = len(listeners.habits)
        return cls(
            strain=np.zeros(count),
            level=listeners.first_levels.copy(),
            stays=np.ones(count, dtype=bool),
            busy_until=listeners.registered_ms.copy(),
        )

    def rest(self) -> None:
        """Let a night pass."""
        self.strain *= _DAILY_RELIEF

    def chance_to_cancel(self, who: np.ndarray) -> np.ndarray:
        """Tell how likely each listener's next session is the last."""
        return _WHIM + _MOST_CANCELS / (1 + np.exp(-_STEEPNESS * (self.strain[who] - _BREAKING_POINT)))

    def number_sessions(self, count: int) -> np.ndarray:
        """Give each of ``count`` sessions a number that no other session has."""
        numbers = np.arange(self.next_session, self.next_session + count)
        self.next_session += count
        return numbers

    def remember(self, who: np.ndarray, owner: np.ndarray, page: np.ndarray, ends: np.ndarray) -> None:
        """Take in what one session of each of ``who`` brought; ``owner`` is an event's place in ``who``."""
        for name, weight in _STRAIN_OF.items():
            self.strain[who] += weight * np.bincount(owner[page == CODES[name]], minlength=len(who))
        self.strain[who] = np.clip(self.strain[who], 0, _MOST_STRAIN)
        self.level[who[owner[page == CODES["Submit Upgrade"]]]] = PAID
        self.level[who[owner[page == CODES["Submit Downgrade"]]]] = FREE
        self.stays[who[owner[page == CODES["Cancellation Confirmation"]]]] = False
        self.busy_until[who] = ends
