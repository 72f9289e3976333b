"""Job: plays in, topics of the song titles out. An artist's titles together are one document, since one title is too short."""

import argparse
import logging
import math
import sys
from collections.abc import Sequence

from pyspark.errors import IllegalArgumentException
from pyspark.ml import Pipeline
from pyspark.ml.clustering import LDA, LDAModel
from pyspark.ml.feature import CountVectorizer, CountVectorizerModel, RegexTokenizer, StopWordsRemover
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments, positive_int
from batch_job.run import Counters, require_path
from listening.drawing import draw_bar_panels
from listening.findings import Findings, Picture, Table, TooLittleData, run_findings, write_findings

JOB = "topics"
TITLE = "What songs are about"
_WORD = r"[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*"
_TEST_SHARE = 0.2
_WORDS_OF_A_TOPIC = 8
_MOST_WORDS = 5000
_BUCKETS = 1000
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_findings(JOB, TITLE, parse_arguments(_parser(), argv, required=["sessions"]), find_topics)


def find_topics(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write each artist's topic, the metrics and the plot."""
    options, uri = arguments.options, arguments.inputs["sessions"].rstrip("/")
    require_path(spark, "sessions", f"{uri}/plays")
    too_few = f"the titles in {uri}/plays are too few for topics. Give this job more plays of more artists"
    try:
        documents, vocabulary = count_words(gather_titles(spark.read.parquet(f"{uri}/plays")))
    except IllegalArgumentException as error:  # Spark's way to say that no word is left
        raise TooLittleData(too_few) from error
    documents = split_documents(documents, options.seed).cache()
    training, test = documents.where("NOT is_test"), documents.where("is_test")
    if training.isEmpty() or test.isEmpty():
        raise TooLittleData(too_few)
    model = create_lda(options).fit(training)
    place = f"{arguments.output.rstrip('/')}/artists"
    name_topics(model, documents).write.parquet(place)
    perplexity = math.exp(model.logPerplexity(test))
    findings = report_findings(
        list_words(model, vocabulary),
        spark.read.parquet(place).groupBy("topic").count().collect(),
        perplexity,
        word_perplexity(training, test, len(vocabulary)),
    )
    documents.unpersist()
    write_findings(spark, arguments.output, findings)
    _log.info("%s topics: perplexity %s", options.topics, perplexity)
    return findings.values


def create_lda(options: argparse.Namespace) -> LDA:
    """Set LDA up for few short documents, each mostly of one topic."""
    lda = LDA(k=options.topics, seed=options.seed, optimizer="online", maxIter=40, subsamplingRate=0.5)
    # Spark's own offset is for millions of documents: with few it ends before it has learned much.
    return lda.setLearningOffset(10.0).setDocConcentration([0.05]).setTopicConcentration(0.05)


def gather_titles(plays: DataFrame) -> DataFrame:
    """Put the distinct titles of each artist together as ``text``."""
    titles = plays.select("artist", "song").distinct()
    return titles.groupBy("artist").agg(F.concat_ws(" / ", F.array_sort(F.collect_list("song"))).alias("text"))


def count_words(texts: DataFrame) -> tuple[DataFrame, list[str]]:
    """Count the words of each text, without stop words and without those of one artist alone."""
    # Spark warns of a default locale that it does not know; English stop words need none.
    remover = StopWordsRemover(inputCol="tokens", outputCol="words", locale="en_US")
    stages = [
        RegexTokenizer(inputCol="text", outputCol="tokens", pattern=_WORD, gaps=False, minTokenLength=2),
        remover,
        CountVectorizer(inputCol="words", outputCol="features", vocabSize=_MOST_WORDS, minDF=2),
    ]
    model = Pipeline(stages=stages).fit(texts)
    counter: CountVectorizerModel = model.stages[-1]
    return model.transform(texts).select("artist", "features"), list(counter.vocabulary)


def split_documents(documents: DataFrame, seed: int) -> DataFrame:
    """Set documents aside by a hash of their artist, so that the same ones are whatever the partitions."""
    bucket = F.pmod(F.xxhash64("artist", F.lit(seed)), F.lit(_BUCKETS))
    return documents.withColumn("is_test", bucket < _TEST_SHARE * _BUCKETS)


def name_topics(model: LDAModel, documents: DataFrame) -> DataFrame:
    """Return each artist's foremost topic and its share."""
    shares = model.transform(documents).select("artist", vector_to_array("topicDistribution").alias("shares"))
    # Before Spark 4 the function of Python's API takes no column as the value to find.
    place = F.expr("array_position(shares, array_max(shares))")
    return shares.select("artist", (place - 1).cast("int").alias("topic"), F.array_max("shares").alias("share"))


def word_perplexity(training: DataFrame, test: DataFrame, words: int) -> float:
    """Return the perplexity of the test documents if there were no topics, only frequent and rare words."""
    frequencies = _sum_counts(training).withColumnRenamed("count", "known")
    total = frequencies.agg(F.sum("known")).collect()[0][0]
    # One is added to each word's count: a word that was never seen is unlikely, not impossible.
    chance = (F.coalesce("known", F.lit(0.0)) + 1) / F.lit(float(total + words))
    joined = _sum_counts(test).join(frequencies, "word", "left")
    bits, count = joined.select(F.sum(-F.col("count") * F.log(chance)), F.sum("count")).collect()[0]
    return math.exp(bits / count)


def list_words(model: LDAModel, vocabulary: Sequence[str]) -> list[list[tuple[str, float]]]:
    """List the words of each topic with their weights, heaviest first."""
    rows = model.describeTopics(_WORDS_OF_A_TOPIC).orderBy("topic").collect()
    return [
        [(vocabulary[term], weight) for term, weight in zip(row["termIndices"], row["termWeights"], strict=True)]
        for row in rows
    ]


def report_findings(
    words: Sequence[Sequence[tuple[str, float]]], sizes: Sequence[tuple[int, int]], perplexity: float, baseline: float
) -> Findings:
    """Put the topics into values, a table and a plot."""
    artists = dict(sizes)
    return Findings(
        title=TITLE,
        summary=f"{len(words)} topics of the titles of {sum(artists.values())} artists. Artists that were set aside have a "
        f"perplexity of {perplexity:.0f} (at most; lower is better), and of {baseline:.0f} without topics.",
        values={"topics": len(words), "perplexity": perplexity, "perplexity_without_topics": baseline},
        tables=[
            Table(
                caption="The words of each topic",
                columns=("topic", "artists", "words"),
                rows=[(n, artists.get(n, 0), ", ".join(word for word, _ in of)) for n, of in enumerate(words)],
            )
        ],
        pictures=[
            Picture(
                file="topics.png",
                alt="The heaviest words of each topic",
                content=draw_bar_panels({f"topic {n}": of for n, of in enumerate(words)}, 4),
            )
        ],
    )


def _sum_counts(documents: DataFrame) -> DataFrame:
    counts = documents.select(F.posexplode(vector_to_array("features")).alias("word", "count"))
    return counts.where(F.col("count") > 0).groupBy("word").agg(F.sum("count").alias("count"))


def _parser() -> argparse.ArgumentParser:
    parser = create_parser(JOB, "Find the topics of song titles.")
    parser.add_argument("--topics", type=positive_int, default=8)
    parser.add_argument("--seed", type=int, default=42)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
