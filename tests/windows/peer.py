#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# peer: the other end, on Linux, with TLS of its own.
#
#   peer.py server FOLDER WHAT [ADDRESS]   prints its port, serves one
#                                          connection, prints a verdict
#   peer.py client FOLDER HOST PORT        200 kB there and back
#
# FOLDER holds peer.pem (certificate and key) and trust.pem, which the other
# side's certificate must be in: both roles demand one.  WHAT: echo, collect
# (all, then all back), count, reset (after a few bytes), silent, plain.

import socket
import ssl
import struct
import sys

TOTAL = 200000


def context(folder, server):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else
                         ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_REQUIRED
    ctx.load_verify_locations(folder + "/trust.pem")
    ctx.load_cert_chain(folder + "/peer.pem")
    return ctx


def pattern():
    return bytes((i * 2654435761 & 0xffffffff) >> 24 for i in range(TOTAL))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def read_all(tls, answer):
    got = b""
    while True:
        data = tls.recv(65536)
        if not data:
            return got
        got += data
        if answer:
            tls.sendall(data)


def serve(folder, what, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    listener.bind((address, 0))
    listener.listen(5)
    listener.settimeout(120)
    print(listener.getsockname()[1], flush=True)
    conn, peer = listener.accept()
    conn.settimeout(60)
    print("from", peer[0], peer[1], flush=True)
    if what == "silent":
        conn.recv(65536)
        try:
            while conn.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return "closed"
    if what == "plain":
        conn.recv(65536)
        conn.sendall(b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x02")
        conn.close()
        return "closed"
    tls = context(folder, True).wrap_socket(conn, server_side=True)
    if what == "reset":
        tls.sendall(b"x" * 100)
        reset(socket.socket(fileno=tls.detach()))
        return "reset"
    got = read_all(tls, what == "echo")
    if what == "collect":
        tls.sendall(got)
    try:
        tls.unwrap()
    except (ssl.SSLError, OSError):
        pass
    tls.close()
    return "same" if got == pattern() else "%d bytes differ" % len(got)


def client(folder, host, port):
    sock = socket.create_connection((host, port), timeout=60)
    print("from", *sock.getsockname()[:2], flush=True)
    tls = context(folder, False).wrap_socket(sock)
    want, got = pattern(), b""
    for at in range(0, TOTAL, 10000):
        tls.sendall(want[at:at + 10000])
        while len(got) < at + 10000:
            data = tls.recv(65536)
            if not data:
                return "ended after %d bytes" % len(got)
            got += data
    try:
        tls.unwrap()
    except (ssl.SSLError, OSError) as e:
        return "no clean end: %s" % e
    return "same" if got == want else "differ"


def main():
    if sys.argv[1] == "server":
        verdict = serve(sys.argv[2], sys.argv[3],
                        sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1")
    else:
        verdict = client(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    print(verdict, flush=True)


if __name__ == "__main__":
    main()
