# SPDX-License-Identifier: Apache-2.0
"""chart: CPU time of a load as an SVG of bars."""

import html

LEFT, WIDTH, BAR, GAP, TOP = 290, 330, 20, 10, 46
COLOURS = {"shim": "#1f6f8b", "sends": "#7fb3c4", "takes": "#7fb3c4"}


def text(x, y, words, anchor="start", size=13, weight="normal"):
    return ('<text x="%d" y="%d" text-anchor="%s" font-size="%d" '
            'font-weight="%s">%s</text>' %
            (x, y, anchor, size, weight, html.escape(words)))


def bar(row, pair, y, scale):
    values = row.values(pair.key, "cpu")
    cpu = row.median(pair.key, "cpu")
    wall = row.median(pair.key, "wall")
    middle = y + BAR // 2
    return [
        text(LEFT - 8, y + 15, pair.title, "end"),
        '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' %
        (LEFT, y, cpu * scale, BAR, COLOURS.get(pair.key, "#b0b0b0")),
        '<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#333"/>' %
        (LEFT + min(values) * scale, middle, LEFT + max(values) * scale,
         middle),
        text(int(LEFT + max(values) * scale) + 8, y + 15,
             "%.2f s (wall %.2f s)" % (cpu, wall))]


def write(path, row):
    pairs = [p for p in row.pairs if row.samples[p.key]]
    most = max(max(row.values(p.key, "cpu")) for p in pairs)
    height = TOP + len(pairs) * (BAR + GAP) + 8
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
        'font-family="sans-serif">' % (LEFT + WIDTH + 170, height),
        '<rect width="100%" height="100%" fill="#fff"/>',
        text(LEFT, 18, "CPU time of both ends: %s" % row.load.title,
             size=14, weight="bold"),
        text(LEFT, 35, "bar: median; line: least to most; shorter is better",
             size=11)]
    for i, pair in enumerate(pairs):
        lines += bar(row, pair, TOP + i * (BAR + GAP), WIDTH / most)
    with open(path, "w") as f:
        f.write("\n".join(lines + ["</svg>", ""]))
