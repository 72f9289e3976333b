"""Java stack traces in a log: the deepest `Caused by` of the one that ended the program. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from emr_pipelines.emr.diagnosis.failures import LOG_LINE, Failure

_HEADER = re.compile(
    r'(?:^|[\s"(])(?P<error>(?:[a-zA-Z_]\w*\.)+[A-Z][\w$]*(?:Exception|Error))(?::(?:\s+(?P<message>.*))?)?$'
)
_FRAME = re.compile(r"^\s+at (?P<method>[\w.$<>/@-]+)\((?P<place>[\w$-]+\.(?:scala|java|kt):\d+)\)")
_TRACE_LINE = re.compile(r"^\s+(?:at |\.\.\. \d+ more)")
_LIBRARY = (
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "scala.", "org.apache.", "com.amazon", "software.amazon.", "py4j.", "io.netty.",
    "org.sparkproject.", "com.google.", "com.fasterxml.", "org.codehaus.", "com.esotericsoftware.", "java.base/", "org.spark_project.",
    "com.mysql.", "com.microsoft.", "net.snowflake.", "oracle.", "org.postgresql.",
)  # fmt: skip
# What is said of the program itself, before what any thread logs on its way.
_ENDS_THE_PROGRAM = re.compile(r'^Exception in thread "main"|^: |User class threw exception|^Error: ')
_TELLS_LITTLE = re.compile(r"\b(?:WARN|INFO|DEBUG)\b(?!.*Lost task)")
_INNER = re.compile(r"most recent failure: Lost task .*?\): (?P<inner>.+)", re.DOTALL)
_LONGEST_MESSAGE_LINES = 12


@dataclass(slots=True, kw_only=True)
class _Block:
    """One exception of a chain while it is read."""

    error: str
    lines: list[str]
    place: str | None = None
    has_frames: bool = False


@dataclass(slots=True, kw_only=True)
class _Chain:
    """An exception and what caused it, deepest last; `rank` says how much it tells of the program's end."""

    rank: int
    blocks: list[_Block] = field(default_factory=list)

    def failures(self) -> list[Failure]:
        """Deepest first. A task's failure that the driver quotes comes after the quotation, which also says where the task ran."""
        found: list[Failure] = []
        place: str | None = None
        for block in reversed(self.blocks):
            place = place or block.place
            message = "\n".join(block.lines).strip()
            found.append(Failure(error=block.error, message=message, place=place))
            inner = _quoted(message)
            if inner is not None:
                found.append(Failure(error=inner[0], message=inner[1], place=place))
        return found


def find_java_failures(text: str) -> list[list[Failure]]:
    """The chains of exceptions of the log, those that ended the program first; in each the deepest cause first."""
    chains = _read_chains(text.splitlines())
    ranked = sorted(enumerate(chains), key=lambda entry: (entry[1].rank, entry[0]), reverse=True)
    return [chain.failures() for _, chain in ranked]


def _read_chains(lines: list[str]) -> list[_Chain]:
    chains: list[_Chain] = []
    block: _Block | None = None
    before = ""
    for line in lines:
        if _TRACE_LINE.match(line):
            if block is not None:
                _add_frame(block, line)
        elif header := _HEADER.search(line):
            block = _begin(chains, line, header, before)
        elif LOG_LINE.match(line):
            block = None
        elif block is not None and not block.has_frames and len(block.lines) < _LONGEST_MESSAGE_LINES:
            block.lines.append(line)
        before = line
    return [chain for chain in chains if chain.rank > 0 and _is_trace(chain)]


def _begin(chains: list[_Chain], line: str, header: re.Match[str], before: str) -> _Block:
    block = _Block(error=header["error"], lines=[header["message"] or ""])
    if not (line.lstrip().startswith("Caused by:") and chains):
        chains.append(_Chain(rank=_rank(line, before)))
    chains[-1].blocks.append(block)
    return block


def _add_frame(block: _Block, line: str) -> None:
    block.has_frames = True
    frame = _FRAME.match(line)
    if frame and block.place is None and not frame["method"].startswith(_LIBRARY):
        block.place = frame["place"]


def _is_trace(chain: _Chain) -> bool:
    """A class name with neither frames nor a cause is a mention, unless it ended the program."""
    return chain.rank > 1 or any(block.has_frames for block in chain.blocks)


def _rank(line: str, before: str) -> int:
    if _TELLS_LITTLE.search(line):
        return 0
    if _ENDS_THE_PROGRAM.search(line) or before.rstrip().endswith("threw exception:"):
        return 2
    return 0 if LOG_LINE.match(before) and _TELLS_LITTLE.search(before) else 1


def _quoted(message: str) -> tuple[str, str] | None:
    """Class and message of the task's failure in `Job aborted due to stage failure: … most recent failure: Lost task 0.3 …: <failure>`."""
    match = _INNER.search(message)
    if match is None:
        return None
    first, _, rest = match["inner"].partition("\n")
    error = re.match(r"(?P<error>[\w.$]+)(?:: (?P<message>.*)| \((?P<detail>.*))?$", first)
    if error is None:
        return None
    return error["error"], "\n".join(part for part in (error["message"] or error["detail"] or "", rest) if part)
