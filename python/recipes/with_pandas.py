"""Score the column query of a Parquet file.

python with_pandas.py dns.parquet dns-scored.parquet
"""

import sys

import pandas
import snowman

source, target = sys.argv[1:]
dns = pandas.read_parquet(source)
dns = dns.join(snowman.classify(dns["query"]))  # score, level, kind, error
dns.to_parquet(target)

print(dns[dns["level"] == "high"].groupby("query")["score"].agg(["count", "max"]).nlargest(20, "max"))
