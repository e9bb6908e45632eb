"""Reads what snowman list wrote with the packages of those who read it.

python lists.py PACKAGE FOLDER < EXPECTED

EXPECTED is JSON: names that are blocked, names that pass, and the texts that each format must hold. It
exits with 77 if the package is not installed.
"""

import json
import os
import sys

EVENT_MEMBERS = {"Orgc", "Tag", "info", "date", "analysis", "threat_level_id", "timestamp"}


def adblock(folder, expected):
    from adblock import Engine, FilterSet

    filters = FilterSet()
    with open(os.path.join(folder, "snowman.adblock")) as file:
        filters.add_filter_list(file.read())
    engine = Engine(filters)

    # Browsers give it hosts in lower case.
    def is_blocked(name):
        asked = [engine.check_network_urls(f"{scheme}://{name.lower()}{behind}", "https://elsewhere.org/", "image").matched
                 for scheme, behind in [("http", "/"), ("https", "/a?b"), ("https", ":8443/")]]
        assert len(set(asked)) == 1, name
        return asked[0]

    for name in expected["blocked"]:
        if not is_blocked(name):
            yield f"{name} passes"
    for name in expected["passing"]:
        if is_blocked(name):
            yield f"{name} is blocked"


def stix(folder, expected):
    import stix2
    import stix2patterns.v21.pattern as patterns
    from stix2patterns.validator import run_validator

    with open(os.path.join(folder, "snowman.stix")) as file:
        bundle = stix2.parse(file.read(), version="2.1")
    names = set()
    for indicator in bundle.objects:
        for error in run_validator(indicator.pattern, stix_version="2.1"):
            yield f"{indicator.pattern}: {error}"
        compared = patterns.Pattern(indicator.pattern).inspect().comparisons
        for comparisons in compared.values():
            for path, operator, value in comparisons:
                if path != ["value"] or operator != "=":
                    yield f"{indicator.pattern} compares by {operator}"
                names.add(value[1:-1].replace("\\'", "'").replace("\\\\", "\\"))
    yield from compare(names, expected["stix"])


def misp(folder, expected):
    from pymisp import MISPEvent

    event = MISPEvent()
    event.load_file(os.path.join(folder, "snowman.misp"))
    yield from compare({attribute.value for attribute in event.attributes}, expected["misp"])
    feed = os.path.join(folder, "snowman.misp-feed")
    with open(os.path.join(feed, "manifest.json")) as file:
        manifest = json.load(file)
    if list(manifest) != [event.uuid]:
        yield f"the manifest names {list(manifest)}, the event is {event.uuid}"
    if set(manifest[event.uuid]) != EVENT_MEMBERS or set(event.manifest[event.uuid]) != EVENT_MEMBERS:
        yield f"the manifest says {sorted(manifest[event.uuid])}, and pymisp {sorted(event.manifest[event.uuid])}"
    of_feed = MISPEvent()
    of_feed.load_file(os.path.join(feed, event.uuid + ".json"))
    yield from compare({attribute.value for attribute in of_feed.attributes}, expected["misp"])
    with open(os.path.join(feed, "hashes.csv")) as file:
        hashes = {tuple(line.rstrip("\n").split(",")) for line in file}
    wanted = {(hash, event.uuid) for hash in of_feed.attributes_hashes("md5")}
    if hashes != wanted:
        yield f"hashes.csv has {len(hashes)} hashes, {len(hashes & wanted)} of the {len(wanted)} of the event"


def compare(found, wanted):
    """Yields what differs between two sets of texts."""
    for text in sorted(set(wanted) - found):
        yield f"missing: {text}"
    for text in sorted(found - set(wanted)):
        yield f"not wanted: {text}"


def main():
    package, folder = sys.argv[1:]
    try:
        errors = list({"adblock": adblock, "stix2patterns": stix, "pymisp": misp}[package](folder, json.load(sys.stdin)))
    except ImportError as error:
        print(error)
        sys.exit(77)
    for error in errors[:20]:
        print(error)
    sys.exit(1 if errors else 0)


main()
