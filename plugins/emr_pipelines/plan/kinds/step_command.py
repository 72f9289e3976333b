"""A step's command as data: what every kind can say of it. The argument list that EMR gets is made of it last of all. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

COMMAND_RUNNER = "command-runner.jar"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCommand(ABC):
    """What one step runs. A kind says here what others ask of it; whatever judges a plan asks, and takes no argument list of ours apart.

    `arguments` are those that the spec writes as a list of words: they come last and mean what the program makes of them.
    Texts may hold the placeholders of `plan.model`.
    """

    # The key of the spec, and whether a JVM runs it, which `run` then starts beforehand.
    kind: ClassVar[str]
    runs_on_jvm: ClassVar[bool]
    arguments: tuple[str, ...] = ()

    @abstractmethod
    def options(self) -> Iterator[str]:
        """The argument list before `arguments`, each argument one item: no shell ever splits it."""

    @property
    def jar(self) -> str:
        """The jar that EMR runs."""
        return COMMAND_RUNNER

    @property
    def main_class(self) -> str | None:
        """The class of the jar; None where its manifest names one."""
        return None

    def properties(self) -> Iterable[tuple[str, str]]:
        """The properties of Spark or Hadoop that it sets, by name."""
        return ()

    def code(self) -> Iterable[str]:
        """The addresses of what it runs or ships: scripts, jars, archives."""
        return (self.jar,)

    def packages(self) -> Iterable[str]:
        """The coordinates of Java packages that it fetches."""
        return ()

    def split_texts(self) -> Iterable[str]:
        """Texts that a shell or Hadoop takes apart into words."""
        return ()

    def written_texts(self) -> Iterable[str]:
        """Every text that may say where the step writes: all but what it only reads."""
        return self.all_arguments()

    def all_arguments(self) -> list[str]:
        """The whole argument list."""
        return [*self.options(), *self.arguments]

    def jar_step(self) -> dict[str, Any]:
        """The HadoopJarStep of the step's request."""
        main_class = {} if self.main_class is None else {"MainClass": self.main_class}
        return {"Jar": self.jar, **main_class, "Args": self.all_arguments()}

    def with_texts(self, change: Callable[[Any], Any]) -> Self:
        """The same command with every text changed; `change` takes a JSON value and gives one of the same shape."""
        return replace(self, **{one.name: _frozen(change(getattr(self, one.name))) for one in fields(self)})


def _frozen(value: Any) -> Any:
    """A JSON value with tuples for its lists, as dataclasses hold them."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def option_list(option: str, items: Iterable[str]) -> Iterator[str]:
    """An option whose value is a list with commas; nothing for an empty list."""
    joined = ",".join(items)
    if joined:
        yield from (option, joined)


def once_each(items: Iterable[str]) -> tuple[str, ...]:
    """The items in their order, each once: an address that two keys name is shipped once."""
    return tuple(dict.fromkeys(items))
