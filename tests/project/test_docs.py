"""The documentation is true: its specs load, its messages are the real ones, its links lead to files."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from emr_pipelines.pipeline_spec.loader import load_environment, load_pipeline
from emr_pipelines.pipeline_spec.models.pipeline import PipelineSpec

ROOT = Path(__file__).parents[2]
SPEC_PAGE = ROOT / "docs" / "reference" / "spec.md"
GOLDENS = ROOT / "tests" / "spec" / "project" / "bad"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# What a snippet of one section leaves out.
REST_OF_A_SPEC: dict[str, Any] = {
    "name": "snippet",
    "cluster": {"primary": {"instances": ["m5.xlarge"]}},
    "steps": [{"name": "hello", "command": ["echo", "hello"]}],
}


def blocks(language: str, page: Path = SPEC_PAGE) -> list[tuple[int, str]]:
    """The fenced blocks of a language on a page, with the line that each starts in."""
    text = page.read_text(encoding="utf-8")
    found = [(text.count("\n", 0, match.start()) + 1, *match.groups()) for match in FENCE.finditer(text)]
    return [(line, block) for line, name, block in found if name == language]


def named(kind: str) -> list[Any]:
    """The YAML blocks of all pages that are an environment, or those that are a spec or a part of one."""
    chosen = [
        pytest.param(text, id=f"{page.name}-line-{line}")
        for page in PAGES
        for line, text in blocks("yaml", page)
        if kind_of(yaml.safe_load(text)) == kind
    ]
    assert chosen, f"no page shows a {kind}"
    return chosen


def kind_of(keys: Any) -> str:
    if not isinstance(keys, dict):
        return "another file"
    if "connection" in keys:
        return "environment"
    return "spec" if keys.keys() <= PipelineSpec.model_fields.keys() else "another file"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project without its specs, with the files of examples."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "config" / "environments", root / "config" / "environments")
    shutil.copytree(ROOT / "include", root / "include", ignore=shutil.ignore_patterns("__pycache__"))
    # What pages tell a reader to put there.
    shutil.copytree(ROOT / "tests/spec/legacy/good/documented/jobs", root / "include" / "legacy" / "words")
    shutil.copy(ROOT / "tests/documentation/samples/my_titles.csv", root / "include" / "data")
    (root / "config" / "pipelines").mkdir()
    return root


@pytest.mark.parametrize("environment", ["local", "aws"])
@pytest.mark.parametrize("text", named("spec"))
def test_every_spec_on_the_page_loads(project: Path, text: str, environment: str) -> None:
    keys = yaml.safe_load(text)
    missing = {key: value for key, value in REST_OF_A_SPEC.items() if key not in keys}
    name = keys.get("name", REST_OF_A_SPEC["name"])
    file = project / "config" / "pipelines" / f"{name}.yaml"
    file.write_text(text + yaml.safe_dump(missing) if missing else text, encoding="utf-8")

    loaded = load_pipeline(file, environment=environment, project_root=project)

    assert loaded.spec.name == name


@pytest.mark.parametrize("text", named("environment"))
def test_every_environment_on_the_page_loads(project: Path, text: str) -> None:
    name = yaml.safe_load(text)["name"]
    file = project / "config" / "environments" / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")

    assert load_environment(file).name == name


def test_the_page_shows_whole_specs() -> None:
    assert [text for _, text in blocks("yaml") if {"name", "steps"} <= yaml.safe_load(text).keys()]


def test_every_message_on_the_page_is_one_that_validate_prints() -> None:
    goldens = "\n".join(file.read_text(encoding="utf-8") for file in sorted(GOLDENS.glob("*.txt")))
    real = set(re.findall(r"^\S+:\d+:\d+: (.+\n(?: {4}.+)?)", goldens, flags=re.MULTILINE))
    shown = [
        message for _, text in blocks("text") for message in re.findall(r"^\S.*\n(?: {4}.+)?", text, flags=re.MULTILINE)
    ]

    assert shown
    assert [message for message in shown if message not in real] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_or_a_heading(page: Path) -> None:
    broken = [target for target in LINK.findall(prose(page)) if not leads_somewhere(page, target)]

    assert broken == []


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def leads_somewhere(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True  # another site; the tests need no network
    path, _, heading = target.partition("#")
    file = page.parent / path if path else page
    return file.exists() and (not heading or heading in headings(file))


def headings(page: Path) -> set[str]:
    """The anchors that GitHub makes: lower case, without punctuation, dashes for spaces."""
    titles = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
