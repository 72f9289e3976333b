"""The command line that every job shares."""

import pytest

from batch_job.arguments import JobArguments, create_parser, parse_arguments


def parse(*argv: str) -> JobArguments:
    return parse_arguments(create_parser("some_job", ""), argv, required=["reviews"], optional=["lemmas"])


def test_inputs_are_named_and_may_hold_equals_signs() -> None:
    arguments = parse("--input", "reviews=s3://bucket/product_category=Books/year=1999", "--output", "s3://bucket/out")
    assert arguments.inputs == {"reviews": "s3://bucket/product_category=Books/year=1999"}
    assert arguments.output == "s3://bucket/out"


def test_optional_input_has_a_short_form() -> None:
    long_form = parse("--input", "reviews=a", "--input", "lemmas=b", "--output", "o")
    short_form = parse("--input", "reviews=a", "--lemmas", "b", "--output", "o")
    assert long_form.inputs == short_form.inputs == {"reviews": "a", "lemmas": "b"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--input", "reviews=a"], "required: --output"),
        (["--output", "o"], "missing input 'reviews': add --input reviews=URI"),
        (["--input", "reviews", "--output", "o"], "'reviews' is not of the form NAME=URI"),
        (["--input", "words=a", "--output", "o"], "'words' is unknown; this job reads 'reviews', 'lemmas'"),
        (["--input", "reviews=a", "--input", "reviews=b", "--output", "o"], "'reviews' is given twice: a and b"),
    ],
)
def test_wrong_arguments_are_explained(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        parse(*argv)
    assert exit_info.value.code == 2
    assert message in capsys.readouterr().err
