"""A program's arguments reach it as they are written in the spec, or the spec is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_pipelines.pipeline_spec.notation.streaming_arguments import is_file, quote_word, shipped_name

WORDS = st.text(st.sampled_from("ab '\"\\$\t{}é-=/"), max_size=8)


def split_as_hadoop(line: str) -> list[str]:
    """PipeMapRed.splitArgs: a space outside of quotes ends a word, and so does each quote that opens or closes; what is empty is dropped."""
    words, word, quote = [], "", ""
    for character in line:
        if character == quote or (not quote and character in "'\" "):
            words.append(word)
            word, quote = "", "" if character == quote else character.strip()
        else:
            word += character
    return [one for one in (*words, word) if one]


@given(st.lists(WORDS, max_size=5))
def test_every_word_that_can_be_quoted_arrives_whole(words: list[str]) -> None:
    quoted = {word: quote_word(word) for word in words}
    possible = [word for word in words if quoted[word] is not None]
    assert split_as_hadoop(" ".join(["program", *(quoted[word] or "" for word in possible)])) == ["program", *possible]


@given(WORDS)
def test_only_what_hadoop_cannot_read_is_refused(word: str) -> None:
    forms = (word, f"'{word}'", f'"{word}"')
    assert (quote_word(word) is None) == all(split_as_hadoop(form) != [word] for form in forms)


@given(st.text(st.sampled_from('ab "'), max_size=8))
def test_the_values_of_parameters_arrive_whole(value: str) -> None:
    line = quote_word("--title=${params.title}")
    assert line is not None
    assert split_as_hadoop(line.replace("${params.title}", value)) == [f"--title={value}"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("include/streaming/mapper.py", True),
        ("s3://tools/mapper.py", True),
        ("s3://mapper", True),
        ("mapper.py", False),
        ("aggregate", False),
        ("org.apache.hadoop.mapred.lib.IdentityMapper", False),
        ("/bin/cat", False),
    ],
)
def test_what_has_a_slash_is_a_file_but_for_a_command_of_the_node(word: str, expected: bool) -> None:
    assert is_file(word) is expected


def test_a_shipped_file_is_called_by_its_name() -> None:
    addresses = ("include/streaming/mapper.py", "s3://tools/lists/small.txt#list.txt", "x.zip#folder")
    assert [shipped_name(address) for address in addresses] == ["mapper.py", "list.txt", "folder"]
