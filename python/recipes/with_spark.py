"""Score the column query of Parquet files.

spark-submit with_spark.py dns.parquet dns-scored.parquet

Each worker of Python keeps one process of Snowman. pip install the wheel on every machine, or ship
an environment with spark.archives.
"""

import sys

import snowman
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

VERDICT = ("score", "level", "kind", "error")


def score(batches):
    for batch in batches:
        verdicts = snowman.classify(batch["query"]).combine_chunks()
        for name in VERDICT:
            batch = batch.append_column(name, verdicts[name].chunk(0))
        yield batch


source, target = sys.argv[1:]
spark = (
    SparkSession.builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", 65536)
    .config("spark.executorEnv.GOMAXPROCS", 1)  # Spark itself has a task for each core
    .getOrCreate()
)
dns = spark.read.parquet(source)
schema = StructType([*dns.schema.fields]).add("score", "double").add("level", "string").add("kind", "string").add("error", "string")
dns.mapInArrow(score, schema).write.mode("overwrite").parquet(target)

high = spark.read.parquet(target).filter("level = 'high'")
high.groupBy("query", "score").count().orderBy("score", ascending=False).show(20, truncate=False)
