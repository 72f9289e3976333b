"""How titles become words."""

import pytest
from pyspark.sql import SparkSession

from book_titles.title_text import explode_words

WORDS_OF = {
    "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)": "harry potter sorcerer's stone",
    "The Philosopher\u2019s Stone": "philosopher's stone",
    "Cien a\u00f1os de soledad": "cien a\u00f1os de soledad",
    "L'\u00c9tranger": "l'\u00e9tranger",
    "E\u0301tranger": "e\u0301tranger",
    "A Game of Thrones (A Song of Ice and Fire, Book 1)": "game thrones",
    "A Storm of Swords (A Song of Ice and Fire, Book Three)": "storm swords",
    "The Two Towers [Paperback] (The Lord of the Rings, Part II)": "two towers",
    "Introduction to Algorithms (2nd Edition)": "algorithms",
    "Chemistry, Third Edition": "chemistry",
    "Chemistry: Revised and Updated Edition": "chemistry",
    "Chemistry 4th ed.": "chemistry",
    "Collected Poems, Vol. III": "collected poems",
    "Emma (Penguin Classics)": "emma",
    "Maus (Vol. 1)": "maus",
    "Rock 'n' Roll": "rock roll",
    "Don't Make Me Think": "make think",
    "C": "",
    "1984": "",
    "The Book Thief (A Tale of Death)": "thief tale death",
    "Blink (The Power of Thinking)": "blink power thinking",
    "New Moon": "new moon",
    "The Second Sex": "second sex",
    "No One Belongs Here": "belongs",
    "Row, Row, Row Your Boat": "row row row boat",
    "\u041c\u0430\u0441\u0442\u0435\u0440 \u0438 \u041c\u0430\u0440\u0433\u0430\u0440\u0438\u0442\u0430": "\u043c\u0430\u0441\u0442\u0435\u0440 \u043c\u0430\u0440\u0433\u0430\u0440\u0438\u0442\u0430",
    "Unclosed (Book 1": "unclosed",
}


@pytest.fixture(scope="module")
def words_by_title(spark: SparkSession) -> dict[str, str]:
    titles = spark.createDataFrame([(1999, title) for title in WORDS_OF], "year int, product_title string")
    words: dict[str, list[str]] = {}
    for row in explode_words(titles, lemmas=None).collect():
        words.setdefault(row["product_title"], []).append(row["word"])
    return {title: " ".join(found) for title, found in words.items()}


@pytest.mark.parametrize("title", WORDS_OF)
def test_title_becomes_its_words(title: str, words_by_title: dict[str, str]) -> None:
    assert words_by_title.get(title, "") == WORDS_OF[title]


def test_lemmas_replace_forms_and_may_turn_out_to_be_stop_words(spark: SparkSession) -> None:
    titles = spark.createDataFrame([(1999, "Wives, Mice and Bookish Men")], "year int, product_title string")
    lemmas = spark.createDataFrame([("wives", "wife"), ("mice", "mouse"), ("bookish", "book")], ["form", "lemma"])
    words = [row["word"] for row in explode_words(titles, lemmas).collect()]
    assert sorted(words) == ["men", "mouse", "wife"]
