"""Score the column query of a Parquet file in ClickHouse's engine, chdb.

python with_clickhouse.py dns.parquet dns-scored.parquet

A server has clickhouse_functions.xml in its configuration, and takes the same SQL.
"""

import pathlib
import sys
import tempfile

import chdb
import snowman

# A line end within a name would make two lines of it.
VERDICTS = r"splitByChar('\t', snowman_line(replaceRegexpAll(ifNull(query, ''), '[\r\n]', ' '))) AS verdict"
SQL = f"""
    SELECT * EXCEPT verdict, toFloat64(verdict[1]) AS score, verdict[2] AS level, verdict[3] AS kind
    FROM (SELECT *, {VERDICTS} FROM file('%s', Parquet)) INTO OUTFILE '%s' TRUNCATE FORMAT Parquet"""

source, target = sys.argv[1:]
functions = pathlib.Path(__file__).with_name("clickhouse_functions.xml").read_text()
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "udf_config.xml").write_text(functions.replace("/usr/local/bin/snowman", snowman.find_program()))
    chdb.query(SQL % (source, target), udf_path=folder)

print(chdb.query(f"SELECT query, score, count() FROM file('{target}') WHERE level = 'high' GROUP BY ALL ORDER BY score DESC LIMIT 20", "PrettyCompact"))
