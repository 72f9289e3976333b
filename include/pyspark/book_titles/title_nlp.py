"""Splits titles into words with Spark NLP, on the JVM. Importing it needs the Python package spark-nlp; reads and writes no files."""

import sparknlp
from py4j.java_gateway import JavaPackage
from pyspark.ml import Pipeline, Transformer
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from sparknlp.annotator import Lemmatizer, LemmatizerModel, Normalizer, StopWordsCleaner, Tokenizer
from sparknlp.base import DocumentAssembler, Finisher

from batch_job.data_reading import READ_ERRORS
from batch_job.run import JobError, describe_cause
from book_titles.stop_words import STOP_WORDS
from book_titles.title_text import remove_series_noise

_WORD_BREAK = r"[-\u2010-\u2015/\u2026]|\.{2,}"
_NOT_OF_A_WORD = r"[^\p{L}\p{M}']"
_SHORTEST_WORD = 2


def require_jar(spark: SparkSession) -> None:
    """Check that Spark NLP's classes are in the JVM; the Python package only calls them."""
    # For py4j every unknown name is a Java package.
    if isinstance(spark._jvm.com.johnsnowlabs.nlp.DocumentAssembler, JavaPackage):
        package = f"com.johnsnowlabs.nlp:spark-nlp_2.12:{sparknlp.version()}"
        raise JobError(f"--engine sparknlp needs Spark NLP's jar: add {package} to the step's spark.packages")


def train_lemmatizer(lemmas: DataFrame) -> LemmatizerModel:
    """Make a lemmatizer of a ``(form, lemma)`` table."""
    trainer = Lemmatizer().setFormCol("form").setLemmaCol("lemma").setInputCols(["normal"]).setOutputCol("lemma")
    return trainer.fit(lemmas.select(_as_token("form"), _as_token("lemma")))


def load_lemmatizer(name: str) -> LemmatizerModel:
    """Load a saved lemmatizer if ``name`` is an address with a slash in it, else download the pretrained one of that name."""
    try:
        model = LemmatizerModel.load(name) if "/" in name else LemmatizerModel.pretrained(name)
    except READ_ERRORS as error:
        advice = "Check the name and the cluster's way to the internet, or save the model and pass its address"
        raise JobError(f"cannot load --pretrained-lemmatizer {name}: {describe_cause(error)}. {advice}") from error
    return model.setInputCols(["normal"]).setOutputCol("lemma")


def explode_nlp_words(titles: DataFrame, lemmatizer: Transformer | None) -> DataFrame:
    """Turn ``(year, product_title)`` into one row per word occurrence, each word as its lemma if there is one."""
    cleaned = titles.withColumn("title", remove_series_noise(F.col("product_title")))
    stages = [
        DocumentAssembler().setInputCol("title").setOutputCol("document"),
        Tokenizer().setInputCols(["document"]).setOutputCol("token").setSplitPattern(_WORD_BREAK),
        Normalizer()
        .setInputCols(["token"])
        .setOutputCol("normal")
        .setLowercase(True)
        .setCleanupPatterns([_NOT_OF_A_WORD])
        .setMinLength(_SHORTEST_WORD),
        *([] if lemmatizer is None else [lemmatizer]),
        StopWordsCleaner()
        .setInputCols(["normal" if lemmatizer is None else "lemma"])
        .setOutputCol("telling")
        .setStopWords(list(STOP_WORDS)),
        Finisher().setInputCols(["telling"]).setOutputCols(["words"]),
    ]
    words = Pipeline(stages=stages).fit(cleaned).transform(cleaned)
    return words.select("year", "product_title", F.explode("words").alias("word"))


def _as_token(column: str) -> Column:
    # What Spark NLP trains on: a list of annotations, marked as tokens. Of each it reads the result only.
    tokens = F.array(F.struct(F.col(column).alias("result")))
    return tokens.alias(column, metadata={"annotatorType": "token"})
