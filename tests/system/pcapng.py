# SPDX-License-Identifier: Apache-2.0
# pcapng: reads a capture file and puts its TCP streams together.
"""Captures as TCP streams, with nothing but Python's own library.

Everything that is missing is an error, never a guess: a capture with a hole
proves nothing about the bytes in the hole.  Formats: IETF draft
ietf-opsawg-pcapng, RFC 9293 (TCP), RFC 791 and RFC 8200 (IP).
"""

import socket
import struct
import sys

SECTION, INTERFACE, SIMPLE, STATISTICS, PACKET, SECRETS = (
    0x0A0D0D0A, 1, 3, 5, 6, 10)
ETHERNET, RAW, LINUX_COOKED, LINUX_COOKED_2 = 1, 101, 113, 276
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Broken(Exception):
    """The file is no whole capture; the text says why."""


class Half:
    """What one end of a stream sent."""

    def __init__(self):
        self.start = None       # sequence number of its first byte
        self.parts = []         # (offset, bytes), as they were captured
        self.acked = 0          # how far the other end acknowledged
        self.fin = None         # offset of the end, if it was announced
        self.reset = False

    def add(self, offset, data):
        if data:
            self.parts.append((offset, data))

    def join(self):
        """All bytes in order, and the sentences about what is wrong."""
        out, have, wrong = [], 0, []
        for offset, data in sorted(self.parts, key=lambda part: part[0]):
            if offset > have:
                wrong.append("bytes missing: %d after byte %d"
                             % (offset - have, have))
                out.append(b"\0" * (offset - have))
                have = offset
            fresh = data[max(0, have - offset):]
            if offset >= 0 or fresh:
                out.append(fresh)
                have += len(fresh)
        end = self.fin if self.fin is not None else self.acked
        if end > have:
            wrong.append("bytes missing: %d after byte %d, at the end"
                         % (end - have, have))
        return b"".join(out), wrong


class Stream:
    """One TCP connection; its client is who sent the SYN."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.halves = {client: Half(), server: Half()}
        self.begun = False      # the SYN is in the capture

    def name(self):
        return "%s:%d > %s:%d" % (self.client + self.server)

    def other(self, end):
        return self.server if end == self.client else self.client

    def packet(self, source, seq, ack, flags, data):
        half = self.halves[source]
        if half.start is None:
            half.start = (seq + bool(flags & SYN)) & 0xFFFFFFFF
        offset = _distance(half.start, seq + bool(flags & SYN))
        half.add(offset, data)
        if flags & FIN:
            half.fin = offset + len(data)
        if flags & RST:
            half.reset = True
        peer = self.halves[self.other(source)]
        if flags & ACK and not flags & RST and peer.start is not None:
            acked = _distance(peer.start, ack)
            if peer.fin is not None:
                acked = min(acked, peer.fin)
            peer.acked = max(peer.acked, acked)


def _distance(start, seq):
    """From one sequence number to another, across the wrap."""
    d = (seq - start) & 0xFFFFFFFF
    return d - (1 << 32) if d & 0x80000000 else d


def _blocks(raw):
    """The blocks of a pcapng file: (type, byte order, body)."""
    pos, order = 0, "<"
    while pos < len(raw):
        if raw[pos:pos + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if raw[pos + 8:pos + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        elif pos == 0:
            raise Broken("not a pcapng file")
        if pos + 12 > len(raw):
            raise Broken("the file ends inside a block")
        kind, length = struct.unpack_from(order + "II", raw, pos)
        if length < 12 or pos + length > len(raw):
            raise Broken("the file ends inside a block")
        yield kind, order, raw[pos + 8:pos + length - 4]
        pos += length


def _options(order, body, pos):
    while pos + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, pos)
        if code == 0:
            return
        yield code, body[pos + 4:pos + 4 + length]
        pos += 4 + (length + 3 & ~3)


def _packets(raw):
    """The captured packets: (link type, bytes)."""
    links = []
    for kind, order, body in _blocks(raw):
        if kind == SECTION:
            links = []
        elif kind == INTERFACE:
            links.append(struct.unpack_from(order + "H", body)[0])
        elif kind == PACKET:
            link, _, _, held, length = struct.unpack_from(order + "5I", body)
            if held < length:
                raise Broken("bytes missing: a packet was cut short")
            yield links[link], body[20:20 + held]
        elif kind == SIMPLE:
            raise Broken("bytes missing: packets without their length")
        elif kind == STATISTICS:
            for code, value in _options(order, body, 12):
                if code in (5, 7) and struct.unpack(order + "Q", value)[0]:
                    raise Broken("bytes missing: packets were dropped")


def _network(link, frame):
    """The IP packet inside of a frame, or nothing."""
    if link == ETHERNET:
        ether, at = frame[12:14], 14
    elif link == LINUX_COOKED:
        ether, at = frame[14:16], 16
    elif link == LINUX_COOKED_2:
        ether, at = frame[0:2], 20
    elif link == RAW:
        return frame
    else:
        raise Broken("link type %d is unknown" % link)
    return frame[at:] if ether in (b"\x08\x00", b"\x86\xdd") else b""


def _segment(packet):
    """(source address, destination address, TCP segment), or None."""
    if not packet:
        return None
    if packet[0] >> 4 == 4:
        head, length = (packet[0] & 15) * 4, int.from_bytes(packet[2:4], "big")
        if packet[9] != 6:
            return None
        if int.from_bytes(packet[6:8], "big") & 0x3FFF:
            raise Broken("a fragmented IP packet")
        return (socket.inet_ntop(socket.AF_INET, packet[12:16]),
                socket.inet_ntop(socket.AF_INET, packet[16:20]),
                packet[head:length or None])
    length = int.from_bytes(packet[4:6], "big")
    if packet[6] != 6:
        return None
    return (socket.inet_ntop(socket.AF_INET6, packet[8:24]),
            socket.inet_ntop(socket.AF_INET6, packet[24:40]),
            packet[40:40 + length] if length else packet[40:])


def streams(path, ports):
    """The streams that have one of PORTS at an end, in order of beginning."""
    found, current = [], {}
    with open(path, "rb") as f:
        raw = f.read()
    for link, frame in _packets(raw):
        got = _segment(_network(link, frame))
        if got is None or len(got[2]) < 20:
            continue
        sport, dport, seq, ack, offset, flags = struct.unpack_from(
            ">HHIIBB", got[2])
        if sport not in ports and dport not in ports:
            continue
        source, target = (got[0], sport), (got[1], dport)
        key = frozenset((source, target))
        opening = flags & SYN and not flags & ACK
        old = current.get(key)
        if old is None or (opening and old.begun and
                           old.halves[source].start != seq + 1 & 0xFFFFFFFF):
            ends = (source, target)
            if not opening and sport in ports:
                ends = (target, source)
            current[key] = Stream(*ends)
            found.append(current[key])
        if opening:
            current[key].begun = True
        current[key].packet(source, seq, ack, flags, got[2][offset // 16 * 4:])
    return found


def main():
    """Prints what each end of each stream sent, as hexadecimal digits."""
    for stream in streams(sys.argv[1], {int(p) for p in sys.argv[2:]}):
        for end in (stream.client, stream.server):
            data, wrong = stream.halves[end].join()
            if wrong:
                sys.exit(wrong[0])
            print(data.hex())


if __name__ == "__main__":
    main()
