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
VERDICT = "{'score': 'DOUBLE', 'level': 'VARCHAR', 'kind': 'VARCHAR', 'shown': 'VARCHAR'}"

source, target = sys.argv[1:]
db = duckdb.connect()
with tempfile.TemporaryDirectory() as folder:
    names, scored = os.path.join(folder, "names"), os.path.join(folder, "scored.tsv")
    # A line end is in no name, and would make two lines.
    db.execute(rf"CREATE TABLE names AS SELECT DISTINCT query FROM '{source}' WHERE NOT regexp_matches(query, '[\r\n]')")
    db.execute(f"COPY names TO '{names}' ({FORMAT})")
    with open(names, "rb") as file, open(scored, "wb") as out:
        subprocess.run([snowman.find_program(), "score", "-format", "lines"], stdin=file, stdout=out, check=True)
    # Each line has one answer, in order. The text in it is one to read: what cannot be seen in a name is written out.
    db.execute(rf"""
        CREATE VIEW verdicts AS SELECT query, score, level, kind FROM names POSITIONAL JOIN read_csv('{scored}', auto_detect = false,
            columns = {VERDICT}, delim = '\t', quote = '', escape = '', header = false)""")
    db.execute(f"COPY (SELECT dns.*, score, level, kind FROM '{source}' AS dns LEFT JOIN verdicts USING (query)) TO '{target}'")

print(db.sql(f"SELECT query, score, count(*) AS questions FROM '{target}' WHERE level = 'high' GROUP BY ALL ORDER BY score DESC LIMIT 20"))
