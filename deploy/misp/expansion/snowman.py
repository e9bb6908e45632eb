"""Asks snowman serve, for a server of misp-modules that has other modules, too: misp-modules -c FOLDER, where
this file is FOLDER/expansion/snowman.py. It needs nothing but Python."""

import json
import urllib.error
import urllib.request

mispattributes = {
    "input": ["domain", "hostname", "domain|ip", "hostname|port", "url", "uri", "email", "email-src", "email-reply-to"],
    "format": "misp_standard",
}
moduleinfo = {
    "version": "1",
    "author": "Snowman",
    "description": "How likely a name or URL is to be malicious, from its characters alone. Nothing is looked up or sent to anybody.",
    "module-type": ["expansion", "hover"],
    "name": "Snowman",
}
moduleconfig = ["url", "api_key"]

DEFAULT_URL = "http://127.0.0.1:5000"
TIMEOUT = 10  # seconds

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # none of the environment's


def handler(q=False):
    if q is False:
        return False
    try:
        request = json.loads(q)
        config = request.pop("config", None) or {}
        headers = {"Content-Type": "application/json"}
        if config.get("api_key"):
            headers["Authorization"] = "Bearer " + config["api_key"]
        url = (config.get("url") or DEFAULT_URL).rstrip("/") + "/query"
        with opener.open(urllib.request.Request(url, json.dumps(request).encode(), headers), timeout=TIMEOUT) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:  # its body says why
        return {"error": f"Snowman: {error.code}: {error.read(1000).decode(errors='replace').strip()}"}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        return {"error": f"Snowman: {error}"}


def introspection():
    return mispattributes


def version():
    return dict(moduleinfo, config=moduleconfig)
