# SPDX-License-Identifier: Apache-2.0
"""whither: where the processor time goes, as perf's samples tell it."""

import os
import signal
import subprocess
import time

import measure

RATE = 5000         # samples a second: enough, and little of a burden

# What a shared object is called in the table, by the beginning of its name.
GROUPS = [
    ("[kernel", "kernel"), ("libdicomtls", "dicomtls"),
    ("libcrypto", "libcrypto"), ("libssl", "libssl"), ("libc.so", "libc"),
    ("libc-", "libc"), ("ld-linux", "dynamic linker"),
]
COLUMNS = ["kernel", "libcrypto", "libssl", "dicomtls", "libc",
           "dynamic linker", "the programs"]


def group(name):
    for begin, what in GROUPS:
        if name.startswith(begin):
            return what
    return "the programs"


class Samples:
    """perf on the servers of a pair, and before the client's command."""

    def __init__(self, servers, folder):
        self.out = os.path.join(folder, "samples")
        try:
            self.child = subprocess.Popen(
                self.record("server") + ["-p", ",".join(
                    str(s.pid) for s in servers)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            raise measure.Missing("perf") from None
        time.sleep(0.3)

    def record(self, end):
        return ["perf", "record", "-q", "-F", str(RATE), "-o",
                "%s.%s" % (self.out, end)]

    def client(self, argv, env, base):
        return self.record("client") + ["env"] + [
            "%s=%s" % kv for kv in env.items()
            if base.get(kv[0]) != kv[1]] + argv

    def shares(self):
        """{end: {group: samples}}"""
        self.child.send_signal(signal.SIGINT)
        self.child.wait()
        return {end: self.read(end) for end in ("client", "server")}

    def read(self, end):
        text = subprocess.run(
            ["perf", "report", "-i", "%s.%s" % (self.out, end), "--stdio",
             "--no-children", "-s", "dso", "-F", "sample,dso", "-t", ";"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            check=True).stdout.decode()
        found = {}
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.split(";")]
            if len(cells) < 2 or not cells[0].isdigit():
                continue
            what = group(cells[1])
            found[what] = found.get(what, 0) + int(cells[0])
        return found


def one(site, load, pair):
    servers = pair.start(site, load.server)
    try:
        argv, env = pair.client(load.client())
        samples = Samples(servers, site.folder)
        measure.run(samples.client(argv, env, site.env), site.env, servers)
        return samples.shares()
    finally:
        pair.stop()


def rows(site, load, pairs, cpu):
    """[(title of the pair, end, {group: seconds})].  CPU: {pair key: median
    seconds of all}, which the samples only divide: sampling costs time."""
    found = []
    for pair in pairs:
        if pair.proxy is not None or cpu.get(pair.key) is None:
            continue
        try:
            ends = one(site, load, pair)
        except measure.Missing:
            return found
        total = sum(sum(e.values()) for e in ends.values())
        for end in ("client", "server"):
            found.append((pair.title, end, {
                what: n * cpu[pair.key] / total
                for what, n in ends[end].items()}))
    return found
