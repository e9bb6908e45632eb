"""Compares the service with a real server of misp-modules, of which it is a module, and reads its answers with pymisp:
python check.py SNOWMAN"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import pymisp

HERE = pathlib.Path(__file__).parent
UUID = "5f6a1b2c-0000-4000-8000-000000000001"
PATIENCE = 120  # seconds: misp-modules reads some two hundred modules
VALUES = [  # with the classification
    ("domain", "zis32msdi3.com", None),
    ("domain", "github.com", "unknown"),
    ("hostname", "www.paypal-login-secure.com", "malicious"),
    ("domain|ip", "paypal-login-secure.com|192.0.2.1", "malicious"),
    ("hostname|port", "paypal-login-secure.com|8443", "malicious"),
    ("url", "https://paypal-login-secure.com/a?b=c#d", "malicious"),
    ("url", "http://me@pаypal.com/\"'\\|\u2028x", None),
    ("uri", "paypal-login-secure.com/a", "malicious"),
    ("email", "me@paypal-login-secure.com", "malicious"),
    ("email-src", "me@localhost", "unknown"),
]
ERRORS = [
    {"attribute": {"type": "ip-dst", "value": "192.0.2.1", "uuid": UUID}},
    {"attribute": {"type": "url", "value": "</script>\x00\x1b[2J", "uuid": UUID}},
    {"attribute": {"type": "domain", "value": "a" * 100_000, "uuid": UUID}},
    {"attribute": {"type": "domain", "value": "\ud800.com", "uuid": UUID}},
    {"attribute": {"type": "domain", "value": ["q.com"], "uuid": UUID}},
    {"attribute": [], "domain": ""},
    {"ip-dst": "192.0.2.1"},
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(address, path, query=None):
    body = None if query is None else json.dumps(query).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://{address}{path}", body, {"Content-Type": "application/json"})) as response:
        assert response.headers["Content-Type"].split(";")[0] in ("application/json", "text/html"), response.headers  # of misp-modules the latter
        return json.load(response)


def wait(address, process):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return ask(address, "/modules")
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None and time.monotonic() < end, f"nothing answers at {address}"
            time.sleep(0.2)


def shape(value):
    """What a value is made of, without what stands in it."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def check_modules(ours, theirs):
    assert [module["name"] for module in ours] == ["snowman"], ours
    module, through = ours[0], next(module for module in theirs if module["name"] == "snowman")
    assert through["mispattributes"] == module["mispattributes"], (through, module)
    assert through["type"] == module["type"] and through["meta"]["module-type"] == module["meta"]["module-type"]
    others = [m for m in theirs if m["name"] != "snowman" and m["type"] == "expansion" and m["mispattributes"].get("format") == "misp_standard"]
    assert len(others) > 10, f"only {len(others)} modules to compare with"
    for other in others:
        assert set(module) == set(other), (module, other)
        for name in ("author", "description", "name", "module-type"):
            if name in other["meta"]:
                assert shape(module["meta"][name]) == shape(other["meta"][name]), (name, other)
    known = set(pymisp.MISPEvent().describe_types["types"])
    assert set(module["mispattributes"]["input"]) <= known, set(module["mispattributes"]["input"]) - known
    return len(others)


def check_event(answer, kind, value, classification):
    """Puts an answer into an event, as MISP does with what somebody keeps of it."""
    event = pymisp.MISPEvent()
    event.info = "check"
    results = answer["results"]
    assert set(results) == {"Attribute", "Object"}, results
    for attribute in results["Attribute"]:
        event.add_attribute(**attribute)
    for made in results["Object"]:
        read = pymisp.MISPObject(made["name"])
        read.from_dict(**made)
        event.add_object(read)
    again = json.loads(event.to_json())
    assert again["Attribute"][0]["value"] == value and again["Attribute"][0]["type"] == kind, again
    written, wanted = again["Object"][0], results["Object"][0]
    for member in wanted:
        if member not in ("Attribute", "ObjectReference"):
            assert written[member] == wanted[member], (member, written)
    assert written["ObjectReference"][0]["referenced_uuid"] == UUID == again["Attribute"][0]["uuid"]
    assert written["ObjectReference"][0]["object_uuid"] == written["uuid"]
    relations = {a["object_relation"]: a for a in written["Attribute"]}
    assert list(relations) == ["classification", "score", "source", "text"], relations
    assert 0 <= float(relations["score"]["value"]) <= 1
    assert classification in (None, relations["classification"]["value"]), (value, relations["classification"]["value"])
    types = event.describe_types
    for a in written["Attribute"]:
        assert a["type"] in types["category_type_mappings"][a["category"]], a
        assert uuid.UUID(a["uuid"]).version == 5


def check(ours, theirs, others):
    compared = check_modules(ask(ours, "/modules"), others)
    # Another module that looks nothing up.
    example = ask(theirs, "/query", {"module": "extract_url_components", "attribute": {"type": "url", "value": "http://q.com/", "uuid": UUID}})
    for kind, value, classification in VALUES:
        attribute = {"type": kind, "value": value, "uuid": UUID, "category": "Network activity", "to_ids": True, "event_id": "7", "Tag": []}
        query = {"module": "snowman", "attribute": attribute, "event_id": "7", "timeout": 10}
        answer = ask(ours, "/query", query)
        through = ask(theirs, "/query", dict(query, config={"url": f"http://{ours}/"}))
        assert answer == through, (answer, through)
        check_event(answer, kind, value, classification)
        made, other = answer["results"]["Object"][0], example["results"]["Object"][0]
        assert set(made["Attribute"][0]) >= set(other["Attribute"][0]), (made, other)
        old = ask(ours, "/query", {"module": "snowman", kind: value})
        assert shape(old["results"]) == [{"types": ["str"], "categories": ["str"], "values": ["str"], "comment": "str"}], old
        assert old["results"][0]["types"][0] in pymisp.MISPEvent().describe_types["category_type_mappings"]["External analysis"]
    for query in ERRORS:
        answer = ask(ours, "/query", dict(query, module="snowman"))
        assert list(answer) == ["error"] and isinstance(answer["error"], str) and answer["error"].isprintable(), answer
        if "\\ud800" not in json.dumps(query):  # which the other server does not read
            assert ask(theirs, "/query", dict(query, module="snowman", config={"url": f"http://{ours}"})) == answer, answer
    nobody = ask(theirs, "/query", {"module": "snowman", "domain": "q.com", "config": {"url": f"http://127.0.0.1:{free_port()}"}})
    assert nobody["error"].startswith("Snowman: "), nobody
    print(f"MISP: {len(VALUES)} values and {len(ERRORS)} errors, also through misp-modules; pymisp reads them; {compared} modules to compare with")


def main(snowman):
    ours, theirs = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryFile() as log:
        processes = [
            subprocess.Popen([snowman, "serve", "-listen", ours, "-access-log=false"], stdout=subprocess.DEVNULL),
            subprocess.Popen([sys.executable, "-m", "misp_modules", "-p", theirs.split(":")[1], "-l", "127.0.0.1", "-c", HERE], stdout=log, stderr=log,
                             env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1")),
        ]
        try:
            wait(ours, processes[0])
            check(ours, theirs, wait(theirs, processes[1]))
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-3000:])
            raise
        finally:
            for process in processes:
                process.terminate()
                process.wait()


main(sys.argv[1])
