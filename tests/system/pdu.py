#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# pdu: the DICOM messages of a C-ECHO, for peers that know TLS but no DICOM.
"""usage: pdu.py echo       the client's bytes of an association with C-ECHO
       pdu.py show       names the PDUs that come in on standard input

PS3.8 9.3 (PDUs), PS3.7 9.3.5 (C-ECHO).
"""

import struct
import sys

NAMES = {1: "A-ASSOCIATE-RQ", 2: "A-ASSOCIATE-AC", 3: "A-ASSOCIATE-RJ",
         4: "P-DATA-TF", 5: "A-RELEASE-RQ", 6: "A-RELEASE-RP", 7: "A-ABORT"}
COMMANDS = {0x0030: "C-ECHO-RQ", 0x8030: "C-ECHO-RSP"}
VERIFICATION = b"1.2.840.10008.1.1"


def item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def element(number, value):
    return struct.pack("<HHI", 0, number, len(value)) + value


def associate():
    context = item(0x20, b"\1\0\0\0" + item(0x30, VERIFICATION) +
                   item(0x40, b"1.2.840.10008.1.2"))
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) +
                item(0x52, b"2.25.7261.9"))
    return pdu(1, struct.pack(">HH16s16s32x", 1, 0, b"ANY-SCP".ljust(16),
                              b"ECHOSCU".ljust(16)) +
               item(0x10, b"1.2.840.10008.3.1.1.1") + context + user)


def c_echo():
    command = (element(0x0002, VERIFICATION + b"\0") +
               element(0x0100, struct.pack("<H", 0x0030)) +
               element(0x0110, struct.pack("<H", 1)) +
               element(0x0800, struct.pack("<H", 0x0101)))
    command = element(0, struct.pack("<I", len(command))) + command
    value = b"\1\3" + command
    return pdu(4, struct.pack(">I", len(value)) + value)


def command_of(body):
    """The command and the status of a P-DATA-TF with one command set."""
    found, at = {}, 6
    while at + 8 <= len(body):
        _, number, length = struct.unpack_from("<HHI", body, at)
        if length == 2:
            found[number] = struct.unpack_from("<H", body, at + 8)[0]
        at += 8 + length
    name = COMMANDS.get(found.get(0x0100), "another command")
    return "%s status %04x" % (name, found.get(0x0900, 0xFFFF))


def show(data):
    while len(data) >= 6:
        kind, _, length = struct.unpack_from(">BBI", data)
        if kind not in NAMES or length + 6 > len(data):
            break
        extra = " " + command_of(data[6:6 + length]) if kind == 4 else ""
        print(NAMES[kind] + extra)
        data = data[6 + length:]
    if data:
        print("%d bytes that are no PDU" % len(data))


if __name__ == "__main__":
    if sys.argv[1:] == ["echo"]:
        sys.stdout.buffer.write(
            associate() + c_echo() + pdu(5, b"\0\0\0\0"))
    elif sys.argv[1:] == ["show"]:
        show(sys.stdin.buffer.read())
    else:
        sys.exit(__doc__)
