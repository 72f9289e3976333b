"""The options by which a person says how text files are to be read, where they do not tell it themselves."""

import argparse
import codecs

_SPARK_NAMES = {"ISO8859-1": "ISO-8859-1", "CP1252": "windows-1252", "ASCII": "US-ASCII"}


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--encoding``, ``--separator`` and ``--date-format``."""
    parser.add_argument(
        "--encoding",
        type=encoding_name,
        metavar="NAME",
        help="of text that is neither UTF-8 nor UTF-16, such as ISO-8859-1",
    )
    parser.add_argument(
        "--separator",
        type=_separator,
        metavar="SIGN",
        help="of CSV files; default: the one by which a header has the columns that the job needs",
    )
    parser.add_argument(
        "--date-format",
        action="append",
        default=[],
        metavar="PATTERN",
        help="of dates that can mean several things, such as dd/MM/yyyy; may be given several times",
    )


def encoding_name(text: str) -> str:
    """Argparse type of an encoding: its name as Spark writes it."""
    try:
        name = codecs.lookup(text).name.upper()
    except LookupError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no encoding such as ISO-8859-1 or windows-1252") from error
    return _SPARK_NAMES.get(name, name)


def _separator(text: str) -> str:
    separator = {"tab": "\t", r"\t": "\t"}.get(text, text)
    if len(separator) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither one character nor the word tab")
    return separator
