"""How much EMR takes, each limit once. Pure data, from the EMR API Reference (RunJobFlow, InstanceTypeConfig, InstanceGroupConfig, Tag) and the Management Guide (bootstrap actions)."""

from __future__ import annotations

MAX_STEPS = 256
MAX_STEPS_AT_ONCE = 256
# Of the arguments of one step together.
MAX_CHARACTERS = 10_240
MAX_BOOTSTRAP_ACTIONS = 16
MAX_TAGS = 50
MAX_TASK_GROUPS = 48
# Of one fleet: without an allocation strategy, and with one.
MAX_TYPES = 5
MAX_TYPES_WITH_STRATEGY = 30
