"""Score the column query of a Parquet file, or of many ("dns/*.parquet"), that need not fit into memory.

python with_polars.py dns.parquet dns-scored.parquet

In memory it is one line: dns.hstack(snowman.classify(dns["query"])).
"""

import sys

import polars
import snowman

VERDICT = polars.Struct({"score": polars.Float64, "level": polars.String, "kind": polars.String, "error": polars.String})


def verdicts(names):
    return snowman.classify(names).to_struct()


source, target = sys.argv[1:]
dns = polars.scan_parquet(source).with_columns(
    snowman=polars.col("query").map_batches(verdicts, return_dtype=VERDICT, is_elementwise=True)
)
dns.unnest("snowman").sink_parquet(target)

high = polars.scan_parquet(target).filter(polars.col("level") == "high")
print(high.group_by("query", "score").len().sort("score", descending=True).head(20).collect())
