# SPDX-License-Identifier: Apache-2.0
"""report: the figures as tables, against the goals, and as a chart."""

import os
import platform
import statistics
import subprocess
import time

import chart
import whither

# What a row's ratio is taken to.
REFERENCE = {"rate": "nodelay"}
BEST = "best"


def median(values):
    return statistics.median(values)


def ratios(samples, reference, field):
    """Round by round, so that both met the same machine."""
    return [a[field] / b[field] for a, b in zip(samples, reference)]


def spread(values, form):
    return "%s (%s to %s)" % tuple(form % v for v in (
        median(values), min(values), max(values)))


def first_line(argv):
    try:
        out = subprocess.run(argv, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT).stdout.decode()
    except FileNotFoundError:
        return "%s: not installed" % argv[0]
    told = [x for x in out.splitlines() if any(c.isdigit() for c in x)]
    return told[0] if told else "%s: no version" % argv[0]


def processor():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


class Row:
    """One load: its pairs and what they took."""

    def __init__(self, load, pairs, samples, missing, counted):
        self.load, self.pairs, self.samples = load, pairs, samples
        self.missing, self.counted = missing, counted
        self.reference = REFERENCE.get(load.key, BEST)
        self.whither = []

    def cpu(self):
        """{pair key: median seconds of CPU} of the pairs that speak for
        themselves in the table of where it goes."""
        return {k: self.median(k, "cpu") for k in ("nodelay", BEST, "shim")
                if self.has(k)}

    def has(self, *keys):
        return all(self.samples.get(k) for k in keys)

    def values(self, key, field):
        return [s[field] for s in self.samples[key]]

    def median(self, key, field):
        return median(self.values(key, field))

    def ratio(self, key, other, field):
        return median(ratios(self.samples[key], self.samples[other], field))

    def cells(self, pair):
        if pair.key in self.missing:
            return [pair.title] + ["%s is not installed" %
                                   self.missing[pair.key]]
        wall, cpu = (self.values(pair.key, f) for f in ("wall", "cpu"))
        cells = [pair.title, spread(wall, "%.3f"), spread(cpu, "%.3f")]
        if self.has(self.reference):
            cells.append(spread(ratios(
                self.samples[pair.key], self.samples[self.reference], "cpu"),
                "%.2f"))
        else:
            cells.append("")
        cells.append("%.0f" % (max(self.values(pair.key, "peak")) / 1024))
        if self.counted:
            calls, records = self.counted[pair.key]
            cells += ["" if calls is None else "%.0f" % calls,
                      "%.0f" % records]
        return cells

    def table(self):
        title = {p.key: p.title for p in self.pairs}.get(self.reference)
        head = ["", "wall s", "CPU s, all processes",
                "CPU against %s" % title if title else "", "peak MiB"]
        if self.counted:
            head += ["system calls/MB", "records/MB"]
        lines = ["### %s" % self.load.title, ""]
        if self.load.size:
            lines += ["%.0f MB." % (self.load.size / 1e6), ""]
        lines += ["| %s |" % " | ".join(head), "|%s" % ("---|" * len(head))]
        for pair in self.pairs:
            cells = self.cells(pair)
            lines.append("| %s |" % " | ".join(
                cells + [""] * (len(head) - len(cells))))
        return lines + [""] + self.whither_table()

    def whither_table(self):
        if not self.whither:
            return []
        lines = ["Where the CPU time goes, in milliseconds (the medians above, "
                 "divided as perf's samples of one run):", "",
                 "| | end | %s |" % " | ".join(whither.COLUMNS),
                 "|%s" % ("---|" * (2 + len(whither.COLUMNS)))]
        for title, end, seconds in self.whither:
            lines.append("| %s | %s | %s |" % (title, end, " | ".join(
                "%.1f" % (seconds.get(c, 0) * 1e3) for c in whither.COLUMNS)))
        return lines + [""]


class Goals:
    """Lines that say what was to be reached and what was."""

    def __init__(self):
        self.lines = ["## Against the goals", "",
                      "| what | goal | measured | |", "|---|---|---|---|"]

    def add(self, what, limit, value, form, unit=""):
        self.lines.append("| %s | <= %s%s | %s%s | %s |" % (
            what, form % limit, unit, form % value, unit,
            "met" if value <= limit else "**not met**"))

    def store(self, row):
        if row.has("shim", "plain"):
            self.add("wall, against plaintext with DCMTK's defaults", 0.02,
                     row.ratio("shim", "plain", "wall"), "%.3f")
        if row.has("shim", "best"):
            self.add("wall, against DCMTK's own TLS", 1,
                     row.ratio("shim", "best", "wall"), "%.2f")
            self.add("CPU, against DCMTK's own TLS", 0.85,
                     row.ratio("shim", "best", "cpu"), "%.2f")
        if row.has("shim", "stunnel"):
            self.add("CPU, against the stunnel pair", 0.65,
                     row.ratio("shim", "stunnel", "cpu"), "%.2f")

    def one(self, row, aes):
        if row.has("shim", "best"):
            self.add("one object: wall, against DCMTK's own TLS", 1,
                     row.ratio("shim", "best", "wall"), "%.2f")
        if row.has("shim", "nodelay"):
            self.add("one object: CPU s, plaintext + 1.25 x AES both ways",
                     row.median("nodelay", "cpu") +
                     1.25 * 2 * row.load.size / aes,
                     row.median("shim", "cpu"), "%.3f")

    def echo(self, row):
        if row.has("shim", "plain"):
            self.add("C-ECHO: wall, against plaintext with DCMTK's defaults",
                     0.2, row.ratio("shim", "plain", "wall"), "%.2f")
        if row.has("shim", "best"):
            self.add("C-ECHO: CPU, against DCMTK's own TLS", 1,
                     row.ratio("shim", "best", "cpu"), "%.2f")

    def rate(self, row):
        if row.has("shim", "plain"):
            self.add("associations of one process: wall, against plaintext "
                     "with Nagle's algorithm", 0.2,
                     row.ratio("shim", "plain", "wall"), "%.2f")

    def idle(self, found):
        for key, _, _, kib in found:
            if key == "shim":
                self.add("an idle association in a server", 16, kib, "%.1f",
                         " KiB")

    def micro(self, micro):
        self.add("a call on another descriptor, above libc's own (the worst)",
                 5, max(max(v[1:]) for v in micro["calls"].values()),
                 "%.1f", " ns")
        self.add("preloading into /bin/true, wall", 0.3, micro["start"][0],
                 "%.2f", " ms")
        self.add("the same, CPU", 0.3, micro["start"][1], "%.2f", " ms")
        count, alone, among = micro["busy"]
        self.add("one busy association among %d idle ones, against alone" %
                 count, 1.05, among / alone, "%.2f")


class Results:
    def __init__(self, quick, rounds):
        self.quick, self.rounds = quick, rounds
        self.rows, self.idle, self.micro = [], None, None
        self.aes = []           # bytes a second, measured in each round
        self.about, self.load = [], os.getloadavg()[1]

    def machine(self, network):
        self.about = [
            "%s, %d processors, Linux %s, %s." % (
                processor(), os.cpu_count(), platform.release(),
                time.strftime("%Y-%m-%d")),
            "%s; %s; %s; %s." % (
                first_line(["openssl", "version"]),
                first_line(["storescu", "--version"]).strip("$ "),
                first_line(["stunnel", "-version"]),
                first_line(["haproxy", "-v"])), network]

    def add(self, *args):
        row = Row(*args)
        self.rows.append(row)
        self.load = max(self.load, os.getloadavg()[1])
        return row

    def goals(self):
        goals = Goals()
        for row in self.rows:
            if row.load.key == "images":
                goals.store(row)
            elif row.load.key == "object":
                goals.one(row, median(self.aes))
            elif row.load.key == "echo":
                goals.echo(row)
            elif row.load.key == "rate":
                goals.rate(row)
        if self.idle:
            goals.idle(self.idle)
        if self.micro:
            goals.micro(self.micro)
        return goals.lines + [""]

    def idle_table(self):
        lines = ["### Idle associations", "",
                 "What the processes of the server's end grow by; the "
                 "kernel's own memory is not in it.", "",
                 "| | associations | KiB each |", "|---|---|---|"]
        for _, title, n, kib in self.idle:
            lines.append("| %s | %d | %.1f |" % (title, n, kib))
        return lines + [""]

    def micro_table(self):
        lines = ["### Descriptors that are not configured", "",
                 "| call | libc's own, ns | more under the library, ns | "
                 "while an association is open, ns |", "|---|---|---|---|"]
        for name, figures in self.micro["calls"].items():
            lines.append("| %s | %.1f | %.1f | %.1f |" % ((name,) + figures))
        return lines + [
            "", "Preloading into /bin/true: %.2f ms more (CPU %.2f ms)." %
            self.micro["start"], "",
            "One busy association of an epoll server, a round trip of 16 KiB:"
            " alone %.1f us, among %d idle ones %.1f us." % (
                self.micro["busy"][1], self.micro["busy"][0],
                self.micro["busy"][2]), ""] + self.keys_table() + \
            self.records_lines()

    def records_lines(self):
        """The part of the goal of one object's CPU that OpenSSL takes."""
        r = self.micro["records"]
        return ["### OpenSSL's records", "",
                "A full record without network and program: SSL_write %.2f us,"
                " SSL_read %.2f us, AES-256-GCM of its bytes alone %.2f us. "
                "Both ends take %.2f times AES before anybody has called them."
                % (r["write"] / 1e3, r["read"] / 1e3, r["aes"] / 1e3,
                   (r["write"] + r["read"]) / (2 * r["aes"])), ""]

    def keys_table(self):
        lines = ["### Handshakes, by the server's key", "",
                 "| key | CPU ms, client | CPU ms, server | sum |",
                 "|---|---|---|---|"]
        for kind, (client, server) in self.micro["keys"].items():
            lines.append("| %s | %.2f | %.2f | %.2f |" % (
                kind, client, server, client + server))
        return lines + [""]

    def aes_line(self):
        if not self.aes:
            return []
        return ["AES-256-GCM in records of 16 KiB on one processor: %s GB/s." %
                spread([x / 1e9 for x in self.aes], "%.1f")]

    def markdown(self):
        lines = ["# Measured", ""] + self.about + self.aes_line() + [
            "", "%d round%s%s; each runs every pair once. A figure is the "
            "median, with the least and the most in brackets. Ratios are "
            "taken within a round." % (
                self.rounds, "" if self.rounds == 1 else "s",
                " of the short form (not for comparison)"
                if self.quick else ""),
            "The machine's load went up to %.0f meanwhile: other work ran on "
            "it, so wall times say less than CPU times." % self.load
            if self.load > 4 else "",
            "CPU is that of all processes which the association passes.", ""]
        lines += self.goals()
        for row in self.rows:
            lines += row.table()
        if self.idle:
            lines += self.idle_table()
        if self.micro:
            lines += self.micro_table()
        return "\n".join(lines)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "results.md"), "w") as f:
            f.write(self.markdown())
        row = [r for r in self.rows if r.load.key == "images"]
        if row:
            chart.write(os.path.join(folder, "results.svg"), row[0])
