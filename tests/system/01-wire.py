#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# 01-wire: the wire checker against crafted captures, good and bad.

import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, SERVER = 40000, 2762
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Capture:
    """One TCP connection, packet by packet, as a pcapng file."""

    def __init__(self, first=(1000, 0xFFFFFF00)):
        self.seq = {CLIENT: first[0], SERVER: first[1]}
        self.blocks = [
            block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
            block(1, struct.pack("<HHI", 1, 0, 0))]
        self.packet(CLIENT, SYN)
        self.packet(SERVER, SYN | ACK)

    def packet(self, source, flags, data=b"", lost=False, cut=0, again=0):
        target = SERVER if source == CLIENT else CLIENT
        seq = self.seq[source] - again & 0xFFFFFFFF
        tcp = struct.pack(">HHIIBBHHH", source, target, seq,
                          self.seq[target] if flags & ACK else 0,
                          5 << 4, flags, 65535, 0, 0) + data
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6,
                         0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        frame = b"\0" * 12 + b"\x08\0" + ip + tcp
        self.seq[source] = (self.seq[source] + len(data) - again +
                            bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        if not lost:
            held = frame[:len(frame) - cut]
            self.blocks.append(block(6, struct.pack(
                "<5I", 0, 0, 0, len(held), len(frame)) + pad(held)))

    def client(self, data, **kw):
        self.packet(CLIENT, PSH | ACK, data, **kw)

    def server(self, data, **kw):
        self.packet(SERVER, PSH | ACK, data, **kw)

    def end(self):
        self.packet(CLIENT, FIN | ACK)
        self.packet(SERVER, FIN | ACK)
        self.packet(CLIENT, ACK)
        return self

    def dropped(self, count):
        self.blocks.append(block(5, struct.pack(
            "<III", 0, 0, 0) + struct.pack("<HHQ", 5, 8, count)))
        return self


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def block(kind, body):
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def record(kind, body, version=0x0303, length=None):
    return struct.pack(">BHH", kind, version,
                       len(body) if length is None else length) + body


def hello(version=0x0304, suite=0x1302, random=b"\x11" * 32):
    extensions = struct.pack(">HHH", 43, 2, version) if version > 0x303 else b""
    body = struct.pack(">H32sBHBH", min(version, 0x303), random, 0, suite, 0,
                       len(extensions)) + extensions
    return record(22, b"\2" + len(body).to_bytes(3, "big") + body)


CLIENT_HELLO = record(22, b"\1\0\0\4abcd", 0x0301)
DATA = record(23, bytes(range(1, 200)))
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891"
                      "c2a211167abb8c5e079e09e2c8a8339c")


def opened(server_hello=None):
    c = Capture()
    c.client(CLIENT_HELLO)
    c.server(server_hello or hello())
    return c


def good():
    c = opened()
    c.client(DATA + DATA)
    c.server(DATA)
    return c.end()


def with_client(data, **kw):
    c = opened()
    c.client(DATA)
    c.client(data, **kw)
    return c.end()


def split():
    """A record in three segments, one of them sent twice."""
    c = opened()
    c.client(DATA[:3])
    c.client(DATA[3:50])
    c.client(DATA[3:50], again=47)
    c.client(DATA[50:])
    return c.end()


def hole():
    """A whole record lost: what is there would be flawless without it."""
    c = opened()
    c.client(DATA, lost=True)
    c.client(DATA)
    return c.end()


def lost_tail():
    c = opened()
    c.client(DATA, lost=True)
    c.packet(SERVER, ACK)
    return c


def no_beginning():
    c = good()
    del c.blocks[2]
    return c


def plain_first_write():
    c = Capture()
    c.client(b"\1\0\0\0\0\xcd\0\1\0\0ANY-SCP")
    c.client(CLIENT_HELLO)
    c.server(hello())
    return c.end()


def plain_after_first():
    """A preload that was published does this: only the first write is TLS."""
    c = opened()
    c.client(DATA)
    c.client(b"\4\0\0\0\0\x4a\0\0\0\x46\1\3")
    return c.end()


def refused_plain():
    c = Capture()
    c.client(b"\1\0\0\0\0\xcd\0\1\0\0ANY-SCP")
    c.server(record(21, b"\2\x28"))
    return c.end()


def reset():
    c = opened()
    c.client(DATA)
    c.packet(SERVER, RST | ACK)
    return c


# What is captured, options, whether it is clean, what the checker must say.
CASES = [
    ("a TLS 1.3 stream", good(), "--version TLSv1.3", True,
     "TLS_AES_256_GCM_SHA384"),
    ("TLS 1.2 by its ServerHello", opened(hello(0x0303, 0xC030)).end(),
     "--version TLSv1.2 --suite ECDHE-RSA-AES256-GCM-SHA384", True, "TLSv1.2"),
    ("a HelloRetryRequest decides nothing",
     opened(hello(random=RETRY, suite=0x1301) + hello()).end(),
     "--suite TLS_AES_256_GCM_SHA384", True, "clean"),
    ("a record in pieces, sent twice", split(), "", True, "2 records"),
    ("an end by RST is told", reset(), "", True, "RST"),
    ("another version", good(), "--version TLSv1.2", False,
     "TLSv1.3 instead of TLSv1.2"),
    ("another suite", good(), "--suite TLS_AES_128_GCM_SHA256", False,
     "instead of"),
    ("a suite that encrypts nothing", opened(hello(0x303, 2)).end(), "", False,
     "NULL-SHA does not encrypt"),
    ("which may be wanted", opened(hello(0x303, 2)).end(), "--null", True,
     "clean"),
    ("plaintext from the first byte", plain_first_write(), "", False,
     "no TLS record at byte 0"),
    ("plaintext after a first record", plain_after_first(), "", False,
     "12 bytes are not TLS"),
    ("one byte left over", with_client(b"\x17"), "", False,
     "1 bytes are not TLS"),
    ("a torn record", with_client(DATA[:-1]), "", False, "1 bytes short"),
    ("which a killed program leaves", with_client(DATA[:-1]), "--torn", True,
     "clean"),
    ("which is no excuse for plaintext", plain_after_first(), "--torn", False,
     "12 bytes are not TLS"),
    ("a record type of 25", with_client(record(25, b"x")), "", False,
     "no TLS record"),
    ("a record type of 19", with_client(record(19, b"x")), "", False,
     "no TLS record"),
    ("a record version of 3.5", with_client(record(23, b"x", 0x0305)), "",
     False, "no TLS record"),
    ("the longest record", with_client(record(23, bytes(18432))), "", True,
     "clean"),
    ("one byte longer", with_client(record(23, bytes(18433))), "", False,
     "a record of 18433 bytes"),
    ("data before any handshake", Capture().end(), "", False, "no handshake"),
    ("an unfinished handshake", Capture().end(), "--unfinished", True,
     "clean"),
    ("a stream that begins with application data",
     (lambda c: (c.client(DATA), c.end())[1])(Capture()), "--unfinished",
     False, "begins with a record of type 23"),
    ("a DICOM UID inside of a record",
     with_client(record(23, b"1.2.840.10008.1.1")), "", False, "in clear"),
    ("an AE title inside of a record", with_client(record(23, b"xSTORESCUx")),
     "--absent STORESCU", False, "'STORESCU' is there in clear at byte"),
    ("a hole", hole(), "", False, "bytes missing: 204 after byte"),
    ("a lost end", lost_tail(), "", False, "at the end"),
    ("a lost beginning", no_beginning(), "", False, "beginning"),
    ("a packet cut short", with_client(DATA, cut=10), "", False,
     "bytes missing"),
    ("packets that the kernel dropped", good().dropped(3), "", False,
     "bytes missing"),
    ("none that it dropped", good().dropped(0), "", True, "clean"),
    ("a plain client, refused by an alert", refused_plain(),
     "--side server --unfinished", True, "level 2, description 40"),
    ("whose own bytes are plain", refused_plain(), "--unfinished", False,
     "client: no TLS record"),
    ("no stream at all", good(), "--port 11112", False, "no stream"),
    ("none, as wanted", good(), "--port 11112 --streams 0", True, "clean"),
    ("one stream too few", good(), "--streams 2", False,
     "1 streams instead of 2"),
    ("no close_notify", good(), "--close both", False,
     "client: no close_notify"),
    ("close_notify in clear", (lambda c: (
        c.client(record(21, b"\1\0")), c.server(record(21, b"\1\0")),
        c.end())[2])(opened(hello(0x303, 0xC030))), "--close both", True,
     "clean"),
]


def run(folder, capture, options, cut=0):
    path = os.path.join(folder, "c.pcapng")
    with open(path, "wb") as f:
        raw = b"".join(capture.blocks)
        f.write(raw[:len(raw) - cut])
    return subprocess.run(
        [sys.executable, os.path.join(HERE, "wire.py"), *options.split(),
         path], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)


def verdict(number, what, done, clean, said):
    fine = done.returncode == (0 if clean else 1) and said in done.stdout
    print("%s %d - %s" % ("ok" if fine else "not ok", number, what))
    if not fine:
        print("# wanted %s and %r, got status %d and:" % (
            "clean" if clean else "a fault", said, done.returncode))
        print("".join("#   %s\n" % x for x in done.stdout.splitlines()))
    return fine


def main():
    fine = True
    with tempfile.TemporaryDirectory(prefix="dicomtls-test.") as folder:
        for i, (what, capture, options, clean, said) in enumerate(CASES, 1):
            done = run(folder, capture, options)
            fine &= verdict(i, what, done, clean, said)
        fine &= verdict(len(CASES) + 1, "a file that ends inside a block",
                        run(folder, good(), "", 5), False, "inside a block")
    print("1..%d" % (len(CASES) + 1))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
