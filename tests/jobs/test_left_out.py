"""The rule of what a job cannot use: how much is allowed, what is said, and that every job asks it."""

import importlib
import logging
from pathlib import Path

import pytest

from batch_job.arguments import JobArguments, create_parser, parse_arguments, share
from batch_job.left_out import LeftOut, judge_left_out
from batch_job.run import JobError

JOBS = Path(__file__).parents[2] / "include" / "pyspark"
BAD = [
    LeftOut(reason="without a year", count=3, example="Dune"),
    LeftOut(reason="without a title", count=9),
    LeftOut(reason="too long", count=1, example="x" * 200),
    LeftOut(reason="that are late", count=2),
    LeftOut(reason="never seen", count=0, example="y"),
]


def arguments(*options: str) -> JobArguments:
    return parse_arguments(create_parser("job", "A job."), ["--output", "out", *options], required=[])


def test_more_than_is_allowed_fails_with_the_three_commonest_reasons() -> None:
    with pytest.raises(JobError) as failure:
        judge_left_out(arguments(), "s3://b/in", read=29, left_out=BAD)
    assert str(failure.value) == (
        "15 of 29 rows in s3://b/in cannot be used (51.7%): 9 without a title; 3 without a year, such as 'Dune'; 2 that are late; "
        "and 1 for other reasons. Correct the input, or allow more than 50% with --max-dropped"
    )


def test_what_is_allowed_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        judge_left_out(arguments(), "s3://b/in", read=30, left_out=BAD, noun="lines")
        judge_left_out(arguments("--max-dropped", "0"), "s3://b/in", read=30, left_out=[BAD[-1]])
    assert [record.getMessage()[:62] for record in caplog.records] == [
        "15 of 30 lines in s3://b/in cannot be used (50.0%): 9 without "
    ]


def test_nothing_left_always_fails_and_nothing_read_never() -> None:
    asked = LeftOut(reason="of other years", count=7, example="1999\n\x00" + "x" * 200, asked=True)
    with pytest.raises(
        JobError,
        match=r"^nothing in s3://b/in can be used\. Of 7 rows: 7 of other years, such as '1999\ufffd\ufffdx+…'\. Correct",
    ):
        judge_left_out(arguments("--max-dropped", "100%"), "s3://b/in", read=7, left_out=[asked])
    judge_left_out(arguments("--max-dropped", "0"), "s3://b/in", read=8, left_out=[asked])
    judge_left_out(arguments("--max-dropped", "0"), "s3://b/in", read=0, left_out=[])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10%", 0.1),
        ("0.1", 0.1),
        ("0", 0.0),
        ("100 %", 1.0),
        ("50", None),
        ("-1%", None),
        ("half", None),
        ("nan", None),
    ],
)
def test_a_share_is_written_as_people_do(text: str, value: float | None, capsys: pytest.CaptureFixture[str]) -> None:
    if value is not None:
        assert share(text) == pytest.approx(value)
        return
    with pytest.raises(SystemExit):
        arguments(f"--max-dropped={text}")
    assert "is not a share such as 10% or 0.1" in capsys.readouterr().err


def test_every_job_has_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    scripts = [path for path in JOBS.glob("*/*.py") if "def main(argv" in path.read_text(encoding="utf-8")]
    assert len(scripts) >= 10
    for path in scripts:
        job = importlib.import_module(f"{path.parent.name}.{path.stem}")
        with pytest.raises(SystemExit):
            job.main(["--help"])
        assert "--max-dropped" in capsys.readouterr().out
