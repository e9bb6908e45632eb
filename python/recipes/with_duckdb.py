"""Score the column query of a Parquet file by a function of SQL.

python with_duckdb.py dns.parquet dns-scored.parquet
"""

import sys

import duckdb
import snowman

VERDICT = "STRUCT(score DOUBLE, level VARCHAR, kind VARCHAR, error VARCHAR)"


def verdicts(names):
    return snowman.classify(names).to_struct_array()


source, target = sys.argv[1:]
db = duckdb.connect()
db.create_function("snowman", verdicts, ["VARCHAR"], VERDICT, type="arrow", null_handling="special")
db.execute(f"COPY (SELECT *, unnest(snowman(query)) FROM '{source}') TO '{target}'")

print(db.sql(f"SELECT query, score, count(*) AS questions FROM '{target}' WHERE level = 'high' GROUP BY ALL ORDER BY score DESC LIMIT 20"))
