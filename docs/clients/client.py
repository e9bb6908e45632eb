"""Ask Snowman's service about names or URLs: the arguments, or the lines of standard input.

    python3 client.py github.com
    python3 client.py < names.txt

The service is at $SNOWMAN_ADDRESS, by default http://localhost:5000. $SNOWMAN_KEY is the API key, if it
needs one. Python 3.9 or later, nothing else.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

ADDRESS = os.environ.get("SNOWMAN_ADDRESS", "http://localhost:5000")
KEY = os.environ.get("SNOWMAN_KEY")

MOST_TEXTS = 10_000  # of a request
MOST_BYTES = 4_000_000  # of its JSON; the service takes 4 MiB
TOO_LONG = 65_537  # characters: enough for the service to say that a text is too long


def score(texts, attempts=5):
    """Return the verdicts on texts, which fit into one request, in order."""
    request = urllib.request.Request(
        ADDRESS + "/v1/score",
        data=json.dumps({"texts": texts}).encode(),
        headers={"Content-Type": "application/json"},
    )
    if KEY:
        request.add_unredirected_header("Authorization", "Bearer " + KEY)
    for attempt in range(attempts):
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)["verdicts"]
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == attempts - 1:
                reason = error.read(1000).decode(errors="replace")
                raise RuntimeError(f"{error}: {reason.strip()}") from error
            wait = error.headers.get("Retry-After", "")
            time.sleep(int(wait) if wait.isdecimal() else 2**attempt)


def batches(texts):
    """Divide any number of texts into lists that each fit into one request."""
    batch, size = [], 0
    for text in texts:
        text = text[:TOO_LONG]
        length = len(json.dumps(text)) + len(", ")
        if len(batch) == MOST_TEXTS or size + length > MOST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def main():
    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    texts = sys.argv[1:] or (line.rstrip("\r\n") for line in sys.stdin)
    for batch in batches(texts):
        for verdict in score(batch):
            text = json.dumps(verdict["text"])  # escaped: it must not move the cursor
            if "error" in verdict:
                print("-", "-", verdict["error"], text, sep="\t")
            else:
                print(f"{verdict['score']:.5f}", verdict["level"], verdict["kind"], text, sep="\t")


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError) as error:
        sys.exit(f"client.py: {error}")
