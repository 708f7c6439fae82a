# SPDX-License-Identifier: Apache-2.0
"""loads: what is carried, made of synthetic images."""

import os
import random
import struct

CT = "1.2.840.10008.5.1.4.1.1.2"
SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
FRAMES = "1.2.840.10008.5.1.4.1.1.7.3"      # multi-frame grayscale word
EXPLICIT = "1.2.840.10008.1.2.1"
ROOT = "2.25.20261124"


def element(group, number, vr, value):
    """One element in explicit VR little endian (PS3.5, 7.1.2)."""
    if isinstance(value, str):
        value = value.encode()
    if len(value) % 2:
        value += b"\0" if vr == "UI" else b" "
    head = struct.pack("<HH2s", group, number, vr.encode())
    if vr in ("OB", "OW"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def image(kind, uid, rows, columns, frames, bits, pixels):
    """A file of PS3.10 with one image in it."""
    short = "<H"
    meta = element(2, 1, "OB", b"\0\1") + element(2, 2, "UI", kind) + \
        element(2, 3, "UI", uid) + element(2, 0x10, "UI", EXPLICIT) + \
        element(2, 0x12, "UI", ROOT)
    data = element(8, 0x16, "UI", kind) + element(8, 0x18, "UI", uid) + \
        element(8, 0x60, "CS", "CT" if kind == CT else "OT") + \
        element(0x10, 0x10, "PN", "Bench^Mark") + \
        element(0x10, 0x20, "LO", "0") + \
        element(0x20, 0xd, "UI", ROOT + ".1") + \
        element(0x20, 0xe, "UI", ROOT + ".2") + \
        element(0x28, 2, "US", struct.pack(short, 1)) + \
        element(0x28, 4, "CS", "MONOCHROME2")
    if frames > 1:
        data += element(0x28, 8, "IS", str(frames))
    for number, value in ((0x10, rows), (0x11, columns), (0x100, bits),
                          (0x101, bits), (0x102, bits - 1), (0x103, 0)):
        data += element(0x28, number, "US", struct.pack(short, value))
    data += element(0x7fe0, 0x10, "OB" if bits == 8 else "OW", pixels)
    return b"\0" * 128 + b"DICM" + \
        element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + data


def make(folder, count, *shape):
    os.makedirs(folder)
    kind, rows, columns, frames, bits = shape
    noise = random.Random(1).randbytes(rows * columns * frames * bits // 8)
    for i in range(count):
        raw = image(kind, "%s.3.%d" % (ROOT, i), rows, columns, frames, bits,
                    noise)
        with open(os.path.join(folder, "%05d.dcm" % i), "wb") as f:
            f.write(raw)


class Store:
    """C-STORE of a folder in one association."""

    def __init__(self, key, title, count, *shape, delay=None):
        self.key, self.title, self.count = key, title, count
        self.shape, self.delay, self.times = shape, delay, 1

    def prepare(self, site):
        self.folder = os.path.join(site.folder, self.key)
        # In a child: what this process once needed would count as every
        # client's peak (getrusage(2) keeps it across exec).
        child = os.fork()
        if child == 0:
            make(self.folder, self.count, *self.shape)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            raise SystemExit("no images could be written")
        self.size = sum(f.stat().st_size for f in os.scandir(self.folder))

    def server(self, port, tls):
        return ["storescp", "--ignore", "-aet", "BENCH"] + tls + [str(port)]

    def client(self):
        return ["storescu", "TLS", "-R", "+sd", "127.0.0.1", "PORT",
                self.folder]


class Echo:
    """C-ECHO, each by a process and an association of its own."""

    delay, size = None, 0

    def __init__(self, key, title, count):
        self.key, self.title, self.count, self.times = key, title, count, count

    def prepare(self, site):
        pass

    def server(self, port, tls):
        return ["storescp", "--ignore", "-aet", "BENCH"] + tls + [str(port)]

    def client(self):
        return ["echoscu", "TLS", "127.0.0.1", "PORT"]


class Rate:
    """Associations of a process that does nothing else."""

    delay, size, times = None, 0, 1

    def __init__(self, key, title, count):
        self.key, self.title, self.count = key, title, count

    def prepare(self, site):
        self.program = site.program("pdus")

    def server(self, port, tls):
        return [self.program, "serve", str(port)]

    def client(self):
        return [self.program, "rate", "PORT", str(self.count)]


def loads(quick):
    """What is run: the full programme, or a look."""
    few = 20 if quick else 1
    return [
        Store("images", "%d CT images of 512 x 512" % (400 // few),
              400 // few, CT, 512, 512, 1, 16),
        Store("object", "one object of %d MB" % (16 if quick else 134),
              1, FRAMES, 1024, 1024, 8 if quick else 64, 16),
        Store("tiny", "%d objects of 1 KB" % (10000 // few),
              10000 // few, SECONDARY, 16, 32, 1, 8),
        Echo("echo", "%d times echoscu" % (40 // few), 40 // few),
        Rate("rate", "%d associations of one process" % (200 // few),
             200 // few),
        Store("delay", "%d CT images over a link of 20 ms each way" %
              (20 // few), 20 // few, CT, 512, 512, 1, 16, delay=20),
    ]
