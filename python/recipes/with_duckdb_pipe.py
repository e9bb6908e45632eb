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

FORMAT = r"DELIMITER '\t', QUOTE '', ESCAPE '', HEADER false"
VERDICT = "{'score': 'DOUBLE', 'level': 'VARCHAR', 'kind': 'VARCHAR', 'query': 'VARCHAR'}"

source, target = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    names, scored = os.path.join(folder, "names"), os.path.join(folder, "scored.tsv")
    # A control character is in no name, and a line end would make two lines.
    duckdb.execute(f"""
        COPY (SELECT DISTINCT query FROM '{source}' WHERE NOT regexp_matches(query, '[[:cntrl:]]'))
        TO '{names}' ({FORMAT})""")
    with open(names, "rb") as file, open(scored, "wb") as out:
        subprocess.run([snowman.find_program(), "score", "-format", "lines"], stdin=file, stdout=out, check=True)
    duckdb.execute(rf"""
        COPY (SELECT dns.*, score, level, kind FROM '{source}' AS dns LEFT JOIN read_csv('{scored}', auto_detect = false,
            columns = {VERDICT}, delim = '\t', quote = '', escape = '', header = false) USING (query))
        TO '{target}'""")

print(duckdb.sql(f"SELECT query, score, count(*) AS questions FROM '{target}' WHERE level = 'high' GROUP BY ALL ORDER BY score DESC LIMIT 20"))
