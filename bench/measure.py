# SPDX-License-Identifier: Apache-2.0
"""measure: clocks, processes and ports of the benchmark."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time

CPUCLOCK_SCHED = 2      # linux/posix-timers.h: CPU time of a whole process
CLONE_NEWNET = 0x40000000       # linux/sched.h

# What Linux has where nobody chose (tcp(7), Documentation/networking).
TCP = {"tcp_congestion_control": "cubic", "tcp_rmem": "4096 131072 6291456",
       "tcp_wmem": "4096 16384 4194304"}


class Missing(Exception):
    """A program that a row needs is not installed."""


def own_network():
    """
    Goes into a network namespace (network_namespaces(7)) in which TCP is as
    Linux has it by default: a machine's own congestion control would be
    measured as well (BBR sends by timers).  Tells what TCP is now; it is the
    machine's for who may not make a namespace.
    """
    where = "TCP as this machine has it"
    folder = "/proc/sys/net/ipv4/"
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0:
        where = "TCP as Linux has it by default, in a network namespace"
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for name, value in TCP.items():
            with open(folder + name, "w") as f:
                f.write(value)
    with open(folder + "tcp_congestion_control") as f:
        return "%s (%s)." % (where, f.read().strip())


def port():
    """A TCP port nobody uses, below those the kernel gives to clients."""
    while True:
        number = random.randrange(10000, 30000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", number))
            except OSError:
                continue
            return number


def listens(number):
    """Whether anybody listens there; no connection is made to find out."""
    want = ":%04X" % number
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path) as f:
            for line in f:
                word = line.split()
                if word[1].endswith(want) and word[3] == "0A":
                    return True
    return False


def cpu(pid):
    """Seconds of CPU a process has used, threads that ended included."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def status(pid, field):
    """A figure of /proc/PID/status, in KiB."""
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


class Process:
    """A server of a row: a child that is ended by its own number."""

    def __init__(self, argv, env=None, listening=None, output=None):
        noise = None if os.environ.get("BENCH_VERBOSE") else \
            subprocess.DEVNULL
        try:
            self.child = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL,
                stdout=output or noise, stderr=noise)
        except FileNotFoundError:
            raise Missing(argv[0]) from None
        self.pid = self.child.pid
        limit = time.monotonic() + 20
        while listening is not None and not listens(listening):
            if self.child.poll() is not None:
                raise SystemExit("%s ended at once (status %d)" %
                                 (" ".join(argv), self.child.returncode))
            if time.monotonic() > limit:
                self.stop()
                raise SystemExit("%s does not listen" % " ".join(argv))
            time.sleep(0.005)

    def stop(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Relay(Process):
    """A link with a delay of MS milliseconds each way, that counts."""

    def __init__(self, program, listen, connect, ms):
        super().__init__([program, str(listen), str(connect), str(ms)],
                         listening=listen, output=subprocess.PIPE)

    def counted(self):
        """(bytes, TLS records) it carried; it has been stopped."""
        return tuple(int(n) for n in self.child.stdout.read().split())


def run(argv, env, servers, times=1):
    """Runs a client to its end, TIMES one after the other."""
    before = {s.pid: cpu(s.pid) for s in servers}
    own, peak = 0.0, 0
    path = None if "/" in argv[0] else argv[0]
    begin = time.monotonic()
    for _ in range(times):
        pid = (os.posix_spawnp if path else os.posix_spawn)(
            argv[0], argv, env, file_actions=[
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
        _, how, used = os.wait4(pid, 0)
        if how != 0:
            raise SystemExit("%s failed (status 0x%x)" %
                             (" ".join(argv[:12]), how))
        own += used.ru_utime + used.ru_stime
        peak = max(peak, used.ru_maxrss)
    wall = time.monotonic() - begin
    served = sum(cpu(s.pid) - before[s.pid] for s in servers)
    return dict(wall=wall, cpu=own + served, client=own, server=served,
                  peak=peak + sum(status(s.pid, "VmHWM") for s in servers))


class Calls:
    """System calls of processes, as the kernel's tracepoint counts them."""

    EVENT = "raw_syscalls:sys_enter"

    def __init__(self, servers, folder):
        self.out = os.path.join(folder, "calls")
        self.child = None
        pids = ",".join(str(s.pid) for s in servers)
        try:
            self.child = subprocess.Popen(
                ["perf", "stat", "-x,", "-e", self.EVENT, "-o",
                 self.out + ".server", "-p", pids],
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            raise Missing("perf") from None
        time.sleep(0.3)

    def client(self, argv, env, base):
        """ARGV, counted; what ENV has beyond BASE is not perf's."""
        return ["perf", "stat", "-x,", "-e", self.EVENT, "-o",
                self.out + ".client", "env"] + [
                    "%s=%s" % kv for kv in env.items()
                    if base.get(kv[0]) != kv[1]] + argv

    def total(self):
        self.child.send_signal(signal.SIGINT)
        self.child.wait()
        count = 0
        for end in ("client", "server"):
            with open("%s.%s" % (self.out, end)) as f:
                for line in f:
                    if self.EVENT in line:
                        count += int(line.split(",")[0])
        return count
