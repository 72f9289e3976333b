"""docs/explanation/reliability.md tells of every fault. That it tells what the tests show now is a part of `make check`, since it has to import all of them."""

import re

from tests.reliability.table import BEGIN, END, PAGE, Claim, render_table, replace_between

FAULTS = [f"F{number:02}" for number in range(1, 58)]
# Those that the issue asks to be shown by real kills.
KILLED = ["F05", "F13", "F16", "F36", "F39", "F42", "F45", "F46", "F47", "F55"]
ROW = re.compile(r"^\| (F[0-9]{2}) \| .+ \| (yes|) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    """Id and last cell of every row on the page."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return ROW.findall(table)


def test_every_fault_has_a_test() -> None:
    assert [fault for fault in FAULTS if fault not in {id_ for id_, _ in rows()}] == []


def test_faults_that_need_a_real_kill_have_one() -> None:
    killed = {id_ for id_, kill in rows() if kill}
    assert [fault for fault in KILLED if fault not in killed] == []
    assert len(killed) >= 15


def test_tests_that_show_the_same_share_a_row_and_bars_do_not_break_it() -> None:
    claims = [
        Claim("F02", False, "an answer is lost", "a | b", "tests/x/test_two.py", function) for function in ("f", "g")
    ]
    killing = Claim("F02", True, "an answer is lost", "a | b", "tests/x/test_kill.py", "k")
    first = Claim("F01", False, "throttled", "one", "tests/x/test_one.py", "f")
    assert render_table([*claims, killing, first]).splitlines()[2:] == [
        "| F01 | throttled | one | [one](../../tests/x/test_one.py) |  |",
        "| F02 | an answer is lost | a \\| b | [two](../../tests/x/test_two.py) (2 tests) |  |",
        "| F02 | an answer is lost | a \\| b | [kill](../../tests/x/test_kill.py) | yes |",
    ]


def test_only_the_table_of_a_page_is_replaced() -> None:
    assert (
        replace_between(f"before\n{BEGIN}\nold\n{END}\nafter\n", BEGIN, END, "new")
        == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    )
