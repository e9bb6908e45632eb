"""Score the column query of a Parquet file, each name once, by the program itself.

python with_duckdb_pipe.py dns.parquet dns-scored.parquet

The same three steps work without Python, in the shells of DuckDB and of the system.
"""

import os
import subprocess
import sys
import tempfile

import duckdb
import snowman

COLUMNS = {"score": "DOUBLE", "level": "VARCHAR", "kind": "VARCHAR", "query": "VARCHAR"}

source, target = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    names, scored = os.path.join(folder, "names"), os.path.join(folder, "scored.tsv")
    # No name has a control character; as a line it would be another text.
    duckdb.execute(rf"COPY (SELECT DISTINCT query FROM '{source}' WHERE NOT regexp_matches(query, '[[:cntrl:]]')) TO '{names}' (DELIMITER '\t', QUOTE '', ESCAPE '', HEADER false)")
    with open(names) as file, open(scored, "w") as out:
        subprocess.run([snowman.find_program(), "score", "-format", "lines"], stdin=file, stdout=out, check=True)
    verdicts = f"read_csv('{scored}', delim = '\\t', quote = '', escape = '', header = false, columns = {COLUMNS}, auto_detect = false)"
    duckdb.execute(f"COPY (SELECT dns.*, score, level, kind FROM '{source}' AS dns LEFT JOIN {verdicts} USING (query)) TO '{target}'")

print(duckdb.sql(f"SELECT query, score, count(*) AS questions FROM '{target}' WHERE level = 'high' GROUP BY ALL ORDER BY score DESC LIMIT 20"))
