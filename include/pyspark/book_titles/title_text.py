"""Spark SQL expressions that turn a title into words. No Python code runs on a row; no input or output."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from book_titles.stop_words import STOP_WORDS

_APOSTROPHES = "\u2018\u2019\u02bc\uff07`\u00b4"
_NUMBER_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_ROMAN_NUMBER = r"(?=[ivx])x{0,3}(?:ix|iv|v?i{0,3})"
_NUMBER = rf"(?:\d+|{_NUMBER_WORDS}|{_ROMAN_NUMBER})"
_VOLUME = rf"\b(?:books?|bk|vol|volumes?|part|pt)\b\.?\s*#?{_NUMBER}\b"
_FORMATS = (
    r"\b(?:paperback|hardcover|hardback|kindle|audiobook|audio|cd|dvd|mass market|library binding|board book|large print"
    r"|unabridged|abridged|illustrated|annotated|revised|box(?:ed)? set|book club|editions?|ed\.|series|trilogy|saga|classics)"
)
# A bracket is dropped as a whole if what is in it names a series, a volume, an edition or a binding.
_NOISE_IN_BRACKETS = rf"(?i)[(\[](?=[^()\[\]]*(?:#\s*\d|\bno\.?\s*\d|{_VOLUME}|{_FORMATS}))[^()\[\]]*[)\]]"
_EDITION_WORDS = (
    r"\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|new|revised|updated|expanded"
    r"|enlarged|illustrated|annotated|anniversary|special|deluxe|limited|international|student|collector's|teacher's"
)
_EDITION = rf"(?i)\b(?:(?:{_EDITION_WORDS})(?:\s+(?:and|&)\s+|\s*,\s*|\s+))+(?:editions?|ed)\b\.?"
_WORD = r"[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*"
_SHORTEST_WORD = 2


def remove_series_noise(title: Column) -> Column:
    """Remove series, volume, edition and binding remarks, such as ``(Dune, #1)`` or ``[Paperback]``."""
    cleaned = F.translate(title, _APOSTROPHES, "'" * len(_APOSTROPHES))
    for pattern in (_NOISE_IN_BRACKETS, _EDITION, rf"(?i){_VOLUME}"):
        cleaned = F.regexp_replace(cleaned, pattern, " ")
    return cleaned


def split_words(title: Column) -> Column:
    """Split a title into an array of its lower-case words, stop words and single letters left out."""
    words = F.regexp_extract_all(F.lower(remove_series_noise(title)), F.lit(_WORD), F.lit(0))
    return F.filter(words, _is_telling)


def explode_words(titles: DataFrame, lemmas: DataFrame | None) -> DataFrame:
    """Turn ``(year, product_title)`` into one row per word occurrence, each word as its lemma if there is one."""
    words = titles.select("year", "product_title", F.explode(split_words(F.col("product_title"))).alias("word"))
    if lemmas is None:
        return words
    lemma = F.coalesce("lemma", "word")
    matched = words.join(F.broadcast(lemmas), words["word"] == lemmas["form"], "left")
    # A lemma may be a stop word although its form was not.
    return matched.select("year", "product_title", lemma.alias("word")).where(_is_telling(F.col("word")))


def _is_telling(word: Column) -> Column:
    return (F.length(word) >= _SHORTEST_WORD) & ~word.isin(*STOP_WORDS)
