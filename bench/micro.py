# SPDX-License-Identifier: Apache-2.0
"""micro: the figures that need programs of their own."""

import os
import resource
import statistics
import subprocess
import time

import measure
import peers


def many_files():
    """Takes all the descriptors there are: how many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def hold(site, pair, servers, idle, rounds):
    """(KiB that the servers grew by, nanoseconds a round of one more)."""
    program = site.program("pdus")
    env = site.env if pair.proxy is None and not pair.shim else \
        site.preload(pair.entry)
    before = sum(measure.status(s.pid, "VmRSS") for s in servers)
    child = subprocess.Popen(
        [program, "hold", str(pair.entry), str(idle), str(rounds)], env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if child.stdout.readline() != b"idle\n":
        raise SystemExit("%s: not all of %d associations came up" %
                         (pair.key, idle))
    time.sleep(0.5)
    grown = sum(measure.status(s.pid, "VmRSS") for s in servers) - before
    took = child.communicate(b"\n")[0]
    return grown, int(took)


def serve(site, pair):
    program = site.program("pdus")
    return pair.start(site, lambda port, tls: [program, "serve", str(port)],
                      far_only=True)


def idle(site, pairs, count):
    """[(key, title, associations, KiB for each)], the client's not counted."""
    found = []
    for pair in pairs:
        if pair.own or not pair.nodelay and not pair.shim:
            continue
        n = count
        if pair.proxy is not None:      # two descriptors each, and stunnel
            n = min(count, many_files() * 2 // 5)       # wants some spare
        try:
            servers = serve(site, pair)
            # The first one brings what all share.
            hold(site, pair, servers, 1, 0)
            grown, _ = hold(site, pair, servers, n, 0)
        except (measure.Missing, SystemExit) as e:
            print("idle %-8s no figure: %s" % (pair.key, e), flush=True)
            continue
        finally:
            pair.stop()
        found.append((pair.key, pair.title, n, grown / n))
        print("idle %-8s %.1f KiB each" % (pair.key, grown / n), flush=True)
    return found


def busy(site, count, rounds):
    """Microseconds a round trip of 16 KiB takes, alone and among COUNT idle
    associations."""
    alone, among = [], []
    for _ in range(3):
        for n, into in ((0, alone), (count, among)):
            servers = serve(site, peers.SHIM)
            try:
                into.append(hold(site, peers.SHIM, servers, n, rounds)[1])
            finally:
                peers.SHIM.stop()
    return statistics.median(alone) / 1e3, statistics.median(among) / 1e3


def calls(site, times):
    """{call: (libc's nanoseconds, nanoseconds more under the library, the same
    while an association is open)}."""
    program = site.program("calls")
    found = [{}, {}, {}]
    for _ in range(times):
        number = str(measure.port())
        for env, args, into in (
                (site.env, [], found[0]),
                (site.preload(number), [], found[1]),
                (site.preload(number), [number], found[2])):
            out = subprocess.run([program] + args, env=env, check=True,
                                 stdout=subprocess.PIPE).stdout.decode()
            for line in out.splitlines():
                name, ns = line.split()
                into.setdefault(name, []).append(float(ns))
    return {name: (min(found[0][name]),
                   min(found[1][name]) - min(found[0][name]),
                   min(found[2][name]) - min(found[0][name]))
            for name in found[0]}


def start(site, times):
    """Milliseconds that preloading adds to /bin/true: wall, CPU."""
    spent = ([], [])
    for _ in range(times):
        for env, into in zip((site.env, site.preload(2762)), spent):
            begin = time.monotonic()
            pid = os.posix_spawn("/bin/true", ["true"], env)
            used = os.wait4(pid, 0)[2]
            into.append((time.monotonic() - begin,
                         used.ru_utime + used.ru_stime))
    return tuple(1e3 * (statistics.median(x[i] for x in spent[1]) -
                        statistics.median(x[i] for x in spent[0]))
                 for i in (0, 1))


def keys(site, count):
    """{kind of our key: (client, server)}, milliseconds of CPU that one
    association of three PDUs takes, each with a handshake of its own."""
    found = {}
    program = site.program("pdus")
    for kind in ("rsa:2048", "ec:P-256"):
        number = measure.port()
        env = dict(site.preload(number), DICOMTLS_DIR=os.path.join(
            site.folder, "key-" + kind.replace(":", "-")))
        subprocess.run([os.path.join(site.build, "dicomtls-certtool"),
                        "generate", "--key", kind], env=dict(
                            env, LD_PRELOAD=""), check=True,
                       stdout=subprocess.DEVNULL)
        server = measure.Process([program, "serve", str(number)], env, number)
        try:
            few, many = (measure.run([program, "rate", str(number), str(n)],
                                     env, [server])
                         for n in (count // 10, count + count // 10))
        finally:
            server.stop()
        found[kind] = tuple(1e3 * (many[end] - few[end]) / count
                            for end in ("client", "server"))
    return found


def records(site):
    """{"write", "read", "aes"}: nanoseconds that OpenSSL alone takes for a
    full record."""
    out = subprocess.run([site.program("records"), site.cert, site.key],
                         check=True, stdout=subprocess.PIPE).stdout.decode()
    return {name: float(ns) for name, ns in
            (line.split() for line in out.splitlines())}


def all(site, quick):
    return {
        "records": records(site),
        "keys": keys(site, 100 if quick else 2000),
        "calls": calls(site, 1 if quick else 15),
        "start": start(site, 20 if quick else 400),
        "busy": (100 if quick else 10000,) +
        busy(site, 100 if quick else 10000, 200 if quick else 4000),
    }
