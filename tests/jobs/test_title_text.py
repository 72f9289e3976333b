"""How titles become words."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from book_titles.title_text import explode_words, remove_series_noise, split_words

pytestmark = pytest.mark.xdist_group("spark")

TITLES_SCHEMA = "year int, product_title string"
WORDS_SCHEMA = "year int, product_title string, word string"

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


def test_titles_become_words(spark: SparkSession) -> None:
    titles = spark.createDataFrame([(title,) for title in WORDS_OF], "product_title string")
    expected = [(title, words.split()) for title, words in WORDS_OF.items()]
    assertDataFrameEqual(
        titles.select("product_title", split_words(F.col("product_title")).alias("words")),
        spark.createDataFrame(expected, "product_title string, words array<string>"),
        checkRowOrder=True,
    )


def test_each_occurrence_of_a_word_is_a_row(spark: SparkSession) -> None:
    titles = [(1999, "Row, Row Your Boat"), (1999, "1984"), (2000, "Emma"), (2001, "Emma"), (2001, None)]
    expected = [
        (1999, "Row, Row Your Boat", "row"),
        (1999, "Row, Row Your Boat", "row"),
        (1999, "Row, Row Your Boat", "boat"),
        (2000, "Emma", "emma"),
        (2001, "Emma", "emma"),
    ]
    assertDataFrameEqual(
        explode_words(spark.createDataFrame(titles, TITLES_SCHEMA), lemmas=None),
        spark.createDataFrame(expected, WORDS_SCHEMA),
        checkRowOrder=True,
    )


def test_remarks_are_removed_and_the_rest_keeps_its_form(spark: SparkSession) -> None:
    cleaned = {
        "Dune (Dune, #1)": "Dune",
        "The Two Towers [Paperback]": "The Two Towers",
        "The Philosopher\u2019s Stone": "The Philosopher's Stone",
        "Blink (The Power of Thinking)": "Blink (The Power of Thinking)",
        "Chemistry: Third Edition": "Chemistry:",
    }
    titles = spark.createDataFrame([(title,) for title in cleaned], "product_title string")
    assertDataFrameEqual(
        titles.select("product_title", F.trim(remove_series_noise(F.col("product_title"))).alias("cleaned")),
        spark.createDataFrame(list(cleaned.items()), "product_title string, cleaned string"),
    )


def test_lemmas_replace_forms_and_may_turn_out_to_be_stop_words(spark: SparkSession) -> None:
    title = "Wives, Mice and Bookish Men"
    lemmas = [("wives", "wife"), ("mice", "mouse"), ("bookish", "book")]
    assertDataFrameEqual(
        explode_words(
            spark.createDataFrame([(1999, title)], TITLES_SCHEMA),
            spark.createDataFrame(lemmas, "form string, lemma string"),
        ),
        spark.createDataFrame([(1999, title, word) for word in ("wife", "mouse", "men")], WORDS_SCHEMA),
    )
