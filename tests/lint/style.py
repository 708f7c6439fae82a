#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# style: what can be counted of CONTRIBUTING's style.

import os
import re
import statistics
import sys

TOP = os.environ.get("SRCDIR") or os.path.join(os.path.dirname(__file__),
                                               "..", "..")
TREES = ("shim", "certtool", "launcher", "bench", "tests")
COLUMNS, LINES, FUNCTION, MEDIAN, NINETIETH = 100, 500, 80, 15, 40
# Preprocessor conditions for a thousand lines, include guards not counted.
CONDITIONS = 3.0


def files(endings, trees=TREES):
    for tree in trees:
        for folder, folders, names in os.walk(os.path.join(TOP, tree)):
            folders[:] = [f for f in folders if f not in (".libs", ".deps",
                                                          "node_modules")]
            for name in sorted(names):
                if name.endswith(endings):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as f:
                        yield os.path.relpath(path, TOP), f.read()


def functions(text):
    """(name, lines of the body): KNF has both braces in the first column."""
    lines = text.split("\n")
    start = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            name = next((m.group(1) for back in lines[start - 1::-1]
                         for m in [re.match(r"(\w+)\(", back)] if m), "?")
            yield name, number - start - 1
            start = None


def wide(text):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line.expandtabs(8)) > COLUMNS:
            yield number


def conditions(text):
    found = re.findall(r"^\s*#\s*(?:ifdef|ifndef|if|elif)\b.*", text, re.M)
    return [c for c in found if not re.search(r"ifndef\s+\w+_H\b", c)]


def verdicts():
    code = list(files((".c", ".h")))
    own = [(p, t) for p, t in code if not p.startswith(("tests", "bench"))]
    lengths = [(n, p, f) for p, t in own for f, n in functions(t)]
    numbers = sorted(n for n, _, _ in lengths) or [0]
    lines = sum(t.count("\n") for _, t in own)
    count = [(p, c) for p, t in own for c in conditions(t)]
    rate = 1000.0 * len(count) / max(lines, 1)
    yield "at least 100 functions were counted", (
        [] if len(numbers) >= 100 else ["only %d" % len(numbers)])
    yield "no function is longer than %d lines" % FUNCTION, [
        "%s: %s has %d" % (p, f, n) for n, p, f in lengths if n > FUNCTION]
    median = statistics.median(numbers)
    yield "half of the functions have at most %d lines" % MEDIAN, (
        [] if median <= MEDIAN else ["the median is %d" % median])
    ninetieth = numbers[len(numbers) * 9 // 10]
    yield "nine of ten have at most %d" % NINETIETH, (
        [] if ninetieth <= NINETIETH else ["it is %d" % ninetieth])
    yield "no file is longer than %d lines" % LINES, [
        "%s has %d" % (p, t.count("\n")) for p, t in own
        if t.count("\n") > LINES]
    yield "no line is wider than %d columns" % COLUMNS, [
        "%s:%d" % (p, n) for p, t in list(files((".c", ".h", ".py", ".sh")))
        for n in wide(t)]
    yield "at most %.0f #if in 1,000 lines" % CONDITIONS, (
        [] if rate <= CONDITIONS else
        ["%.1f" % rate] + ["%s: %s" % pc for pc in count])
    yield "each source says its licence and what it is", [
        p for p, t in code
        if not t.startswith("/* SPDX-License-Identifier: Apache-2.0\n * ")]
    yield "no line ends in blanks", [
        "%s:%d" % (p, n) for p, t in files((".c", ".h", ".def", ".mk", ".sh",
                                            ".py"))
        for n, line in enumerate(t.split("\n"), 1) if line != line.rstrip()]


def main():
    bad, number = 0, 0
    for number, (what, wrong) in enumerate(verdicts(), 1):
        print("%sok %d - %s" % ("not " if wrong else "", number, what))
        for line in wrong[:50]:
            print("# " + line)
        bad += bool(wrong)
    print("1..%d" % number)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
