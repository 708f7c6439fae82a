# SPDX-License-Identifier: Apache-2.0
"""peers: the ways by which two DICOM programs can be joined."""

import os
import resource
import subprocess

from measure import Process, Relay, port

NODELAY = {"TCP_NODELAY": "1"}      # DCMTK's own switch


class Site:
    """What all pairs share: folders, certificate, the built library."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.library = os.path.join(build, ".libs", "libdicomtls.so")
        if not os.path.exists(self.library):
            raise SystemExit("%s has not been built" % self.library)
        self.key = os.path.join(folder, "key.pem")
        self.cert = os.path.join(folder, "cert.pem")
        self.both = os.path.join(folder, "both.pem")
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith("DICOMTLS_") and k not in
                    ("LD_PRELOAD", "TCP_NODELAY", "OPENSSL_CONF")}
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "30", "-subj", "/CN=localhost", "-keyout", self.key,
             "-out", self.cert], check=True, stderr=subprocess.DEVNULL)
        with open(self.both, "w") as out:
            for path in (self.cert, self.key):
                with open(path) as f:
                    out.write(f.read())

    def aes(self):
        """Bytes a second of AES-256-GCM in records of 16 KiB, one core."""
        out = subprocess.run(
            ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "16384",
             "-evp", "aes-256-gcm"], check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout.decode()
        return float([line for line in out.splitlines()
                      if line.startswith("+F")][0].split(":")[-1])

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def preload(self, number, extra=None):
        """The environment that a program runs in under the library."""
        return dict(self.env, LD_PRELOAD=self.library,
                    DICOMTLS_CONNECT=str(number), DICOMTLS_LISTEN=str(number),
                    DICOMTLS_DIR=os.path.join(self.folder, "identity"),
                    **(extra or {}))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path


class Pair:
    """
    One row: a server, what stands between, and how a client comes to it.
    SHIM and OWN say which ends run under the library, or have DCMTK's own
    TLS: any of "client", "server".
    """

    def __init__(self, key, title, shim=(), own=(), proxy=None, nodelay=True):
        self.key, self.title = key, title
        self.shim, self.own, self.proxy = shim, own, proxy
        self.nodelay = NODELAY if nodelay else {}
        self.processes, self.relay = [], None

    def env(self, site, end):
        if end in self.shim:
            return site.preload(self.port, self.nodelay)
        return dict(site.env, **self.nodelay)

    def start(self, site, server, delay=None, far_only=False):
        """
        SERVER makes the argument list from (port, TLS options).  DELAY: the
        network is a relay of so many milliseconds each way.  FAR_ONLY: the
        client brings TLS, so that no proxy stands at its end.
        """
        self.site, self.processes, self.relay = site, [], None
        try:
            return self.begin(site, server, delay, far_only)
        except BaseException:
            self.stop()
            raise

    def begin(self, site, server, delay, far_only):
        self.port = inner = port()
        tls = ["+tls", site.key, site.cert, "-ic"] if "server" in self.own \
            else []
        self.processes.append(Process(
            server(inner, tls), self.env(site, "server"), inner))
        if self.proxy is not None:
            inner = self.proxy(self, site, inner, "server")
        if delay is not None:
            outer = port()
            self.relay = Relay(site.program("relay"), outer, inner, delay)
            inner = outer
        if self.proxy is not None and not far_only:
            inner = self.proxy(self, site, inner, "client")
        self.entry = inner
        return self.processes

    def client(self, argv):
        """(argument list, environment) of a client; PORT and TLS in ARGV are
        put in here."""
        tls = ["+tla", "-ic"] if "client" in self.own else []
        out = []
        for word in argv:
            out += tls if word == "TLS" else [
                str(self.entry) if word == "PORT" else word]
        env = self.env(self.site, "client")
        if "client" in self.shim:
            env["DICOMTLS_CONNECT"] = str(self.entry)
        return out, env

    def stop(self):
        for p in reversed(self.processes):
            p.stop()
        if self.relay is not None:
            self.relay.stop()
        self.processes = []


def stunnel(pair, site, inner, end):
    outer = port()
    conf = site.write("stunnel.%s.conf" % end, """foreground = quiet
pid =
%s
[dicom]
accept = 127.0.0.1:%d
connect = 127.0.0.1:%d
%s
""" % ("debug = 3", outer, inner, "client = yes" if end == "client" else
       "cert = %s\nkey = %s" % (site.cert, site.key)))
    pair.processes.append(Process(["stunnel", conf], site.env, outer))
    return outer


def haproxy(pair, site, inner, end):
    outer = port()
    conf = site.write("haproxy.%s.conf" % end, """global
  maxconn %d
defaults
  mode tcp
  timeout connect 30s
  timeout client 600s
  timeout server 600s
listen dicom
  bind 127.0.0.1:%d%s
  server s 127.0.0.1:%d%s
""" % (resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2 - 50, outer,
       "" if end == "client" else " ssl crt " + site.both,
       inner, " ssl verify none" if end == "client" else ""))
    pair.processes.append(Process(["haproxy", "-q", "-db", "-f", conf],
                                  site.env, outer))
    return outer


BOTH = ("client", "server")

PLAIN = Pair("plain", "plaintext, DCMTK's defaults", nodelay=False)
QUICK = Pair("nodelay", "plaintext, TCP_NODELAY=1")
OWN = Pair("own", "DCMTK's own TLS, defaults", own=BOTH, nodelay=False)
BEST = Pair("best", "DCMTK's own TLS, TCP_NODELAY=1", own=BOTH)
STUNNEL = Pair("stunnel", "stunnel at both ends, TCP_NODELAY=1",
               proxy=stunnel)
HAPROXY = Pair("haproxy", "haproxy at both ends, TCP_NODELAY=1",
               proxy=haproxy)
SHIM = Pair("shim", "dicomtls at both ends, defaults", shim=BOTH,
            nodelay=False)
SENDS = Pair("sends", "dicomtls to DCMTK's own TLS", shim=("client",),
             own=("server",))
TAKES = Pair("takes", "DCMTK's own TLS to dicomtls", own=("client",),
             shim=("server",))

ALL = [PLAIN, QUICK, OWN, BEST, STUNNEL, HAPROXY, SHIM, SENDS, TAKES]
FAST = [p for p in ALL if p not in (PLAIN, OWN)]
