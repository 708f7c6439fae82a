#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# leaks: whatever a program whose standard streams are a TLS connection says,
# and whatever is said on its behalf, no byte of it is on the wire in plaintext.

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILDDIR", ".")
SHIM = os.path.join(BUILD, ".libs", "libdicomtls.so")
LEAKER = os.path.join(BUILD, "tests", "unit", "leaker")

# How, and whether it must arrive (through TLS) or may be refused.
WAYS = [("nothing", None), ("perror", True), ("psignal", True),
        ("psiginfo", False), ("warn", True), ("error", True),
        ("getopt", True), ("aio", False), ("lio", False), ("dupfd", True),
        ("syslog", False), ("dprintf", True)]


def start(how, folder):
    """The leaker behind one end of a connection, as inetd would start it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        port = listener.getsockname()[1]
        near = socket.create_connection(("127.0.0.1", port))
        far, _ = listener.accept()
    env = {"PATH": os.environ["PATH"], "LD_PRELOAD": SHIM,
           "DICOMTLS_LISTEN": str(port), "DICOMTLS_CONNECT": "none",
           "DICOMTLS_DIR": folder, "DICOMTLS_LOG_LEVEL": "debug",
           **{k: v for k, v in os.environ.items() if k == "DICOMTLS_LOG"}}
    with far:
        child = subprocess.Popen([LEAKER, how], stdin=far, stdout=far,
                                 stderr=far, env=env)
    return child, near


def talk(near):
    """Speaks TLS until the end; every byte that came, and what it held."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(come, go)
    raw, plain, said = b"", b"", False
    near.settimeout(5)
    while True:
        try:
            if not said:
                tls.do_handshake()
                tls.write(b"x")
                said = True
            got = tls.read(65536)
            while got:
                plain += got
                got = tls.read(65536)
            break               # close_notify
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLError):
            break
        if go.pending:
            near.sendall(go.read())
        data = near.recv(65536)
        if not data:
            break
        raw += data
        come.write(data)
    while True:
        data = near.recv(65536)
        if not data:
            return raw, plain
        raw += data


def all_records(raw):
    """Whether RAW is TLS records from the first byte to the last."""
    while raw:
        if len(raw) < 5 or not 20 <= raw[0] <= 23 or raw[1] != 3:
            return False
        raw = raw[5 + int.from_bytes(raw[3:5], "big"):]
    return True


def try_way(how, arrives, folder):
    child, near = start(how, folder)
    with near:
        try:
            raw, plain = talk(near)
        except OSError as e:
            child.kill()
            child.wait()
            return "the wire: %s" % e
            child.kill() if child.poll() is None and False else None
    status = child.wait(20)
    if b"SECRET" in raw or b"dicomtls" in raw:
        return "in plaintext: %r" % raw[:200]
    if not all_records(raw):
        return "not TLS: %r" % raw[:80]
    if b"done" not in plain:
        return "nothing came through TLS (status %d)" % status
    if arrives and b"SECRET" not in plain:
        return "it did not arrive: %r" % plain
    return None


def main():
    if not os.path.exists(SHIM) or not os.path.exists(LEAKER):
        print("1..0 # SKIP not built")
        return int(os.environ.get("DICOMTLS_TEST_STRICT", "0") == "1")
    folder = tempfile.mkdtemp(prefix="dicomtls-leaks-")
    failed = 0
    try:
        for i, (how, arrives) in enumerate(WAYS, 1):
            why = try_way(how, arrives, folder)
            failed += why is not None
            print("%sok %d - %s" % ("not " if why else "", i, how))
            if why:
                print("# " + why)
    finally:
        shutil.rmtree(folder)
    print("1..%d" % len(WAYS))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
