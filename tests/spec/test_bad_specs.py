"""Each bad spec prints exactly the problems of its golden file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.spec.golden import BAD, bad_specs, expected_text, options_in, validate


@pytest.mark.parametrize("spec", bad_specs(), ids=lambda spec: spec.name)
def test_problems_of_bad_spec(spec: Path) -> None:
    result = validate(os.path.relpath(spec), *options_in(spec))
    assert result.output == expected_text(spec, result.output)
    assert result.exit_code == 1


def test_every_golden_has_its_spec() -> None:
    specs = {spec.stem for spec in bad_specs()}
    assert {golden.stem for golden in BAD.glob("*.txt")} == specs
    assert len(specs) == len(bad_specs()), "two specs share one golden"
