#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# walls: which room may use which, and what may be said in one place alone.

import os
import re
import sys

TOP = os.environ.get("SRCDIR") or os.path.join(os.path.dirname(__file__),
                                               "..", "..")

# Who may include whose headers; a room may always use its own.  "cert" needs
# of policy the values of struct tlsconf, which policy.h declares; of the
# engine only its contract, engine.h, is for others.
MAY = {
    "base": set(),
    "policy": {"base"},
    "cert": {"base", "policy"},
    "dicom": {"base"},
    "engine": {"base", "policy", "cert"},
    "conn": {"base", "engine", "policy", "dicom"},
    "libc": {"base", "policy", "cert", "dicom", "engine", "conn"},
    "certtool": {"base", "policy", "cert"},
    "launcher": {"base", "policy", "cert", "engine"},
}
ONLY_HEADERS = {
    ("cert", "policy"): {"policy.h", "profile.h"},
    ("conn", "engine"): {"engine.h"},
    ("libc", "engine"): {"engine.h"},
}
OPENSSL = {"cert", "engine", "certtool", "launcher"}

# What may stand in these files alone.
PLACES = [
    ("dlsym", r"\bdlv?sym\s*\(", {"shim/libc/libc.c"}),
    ("getenv", r"\b(secure_)?getenv\s*\(", {"shim/policy/conf.c"}),
    ("errno =", r"\berrno\s*=(?!=)(?!\s*saved\b)", "shim/libc/"),
]


def sources():
    """(path from the top, room, text without comments)."""
    for top in ("shim", "certtool", "launcher"):
        for folder, _, names in os.walk(os.path.join(TOP, top)):
            for name in sorted(names):
                if not name.endswith((".c", ".h", ".def")):
                    continue
                full = os.path.join(folder, name)
                path = os.path.relpath(full, TOP)
                room = path.split(os.sep)[1] if top == "shim" else top
                if room != "win32":
                    with open(full, encoding="utf-8") as f:
                        yield path, room, bare(f.read())


def bare(text):
    """Comments and strings blanked, lines kept; #include stays as it is."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    text = re.sub(r"//[^\n]*", blank, text)
    lines = [line if re.match(r"\s*#\s*include", line) else
             re.sub(r'"(\\.|[^"\\])*"', '""', line)
             for line in text.split("\n")]
    return "\n".join(lines)


def included(path, room, text):
    """The sentences about forbidden includes of a file."""
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if not m:
            continue
        target = m.group(2)
        where = "%s:%d" % (path, number)
        if target.startswith("openssl/") and room not in OPENSSL:
            yield "%s: %s includes %s" % (where, room, target)
        if m.group(1) != '"' or "/" not in target:
            continue
        other, name = target.split("/")[-2:]
        if other == room or other not in MAY:
            continue
        if other not in MAY[room]:
            yield "%s: %s may not use %s" % (where, room, other)
        elif name not in ONLY_HEADERS.get((room, other), {name}):
            yield "%s: %s may not use %s of %s" % (where, room, name, other)


def misplaced(path, text, word, where):
    if path.startswith(where) if isinstance(where, str) else path in where:
        return
    if path.startswith(("certtool", "launcher")) and word == "errno =":
        return      # programs of their own; what they may say is their own
    pattern = next(p for w, p, _ in PLACES if w == word)
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(pattern, line):
            yield "%s:%d: %s" % (path, number, line.strip())


def main():
    files = list(sources())
    verdicts = [("at least 30 sources were looked at",
                 [] if len(files) >= 30 else ["only %d" % len(files)])]
    for room in MAY:
        wrong = [w for path, r, text in files if r == room
                 for w in included(path, r, text)]
        verdicts.append(("%s includes what it may" % room, wrong))
    for word, _, where in PLACES:
        wrong = [w for path, _, text in files
                 for w in misplaced(path, text, word, where)]
        verdicts.append(("%s only where it may be" % word, wrong))
    for number, (what, wrong) in enumerate(verdicts, 1):
        print("%sok %d - %s" % ("not " if wrong else "", number, what))
        for line in wrong:
            print("# " + line)
    print("1..%d" % len(verdicts))
    return 1 if any(wrong for _, wrong in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
