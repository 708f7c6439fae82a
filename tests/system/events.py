#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""events: looks for an event in a log of JSON, each line of which has to be
an object with all that belongs to its event.

usage: events.py FILE EVENT [KEY=PATTERN ...]
"""
import json
import re
import sys

ALWAYS = {"time", "pid", "level", "event", "text"}
FACTS = {
    "handshake": {"role", "peer", "version", "cipher", "subject",
                  "fingerprint", "verified", "rule", "milliseconds"},
    "end": {"role", "peer", "bytes_in", "bytes_out", "milliseconds", "how"},
    "failure": {"reason"},
    "notice": set(),
}


def read(path):
    with open(path, encoding="utf-8") as log:
        for line in log:
            o = json.loads(line)
            missing = (ALWAYS | FACTS[o["event"]]) - set(o)
            assert not missing, (missing, line)
            assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                                o["time"]), line
            assert o["level"] in ("error", "warn", "info", "debug"), line
            assert "\n" not in o["text"], line
            yield o


def main():
    path, event = sys.argv[1:3]
    wanted = [w.partition("=")[::2] for w in sys.argv[3:]]
    found = [o for o in read(path) if o["event"] == event and
             all(re.search(v, str(o.get(k, ""))) for k, v in wanted)]
    if not found:
        with open(path, encoding="utf-8") as log:
            sys.exit("no %s in\n%s" % (sys.argv[2:], log.read()))


main()
