#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# wire: proves that the streams of a capture are TLS and nothing else.
"""Checks a capture, byte for byte.

Every byte of both directions of every stream on the named ports has to be
part of a TLS record (RFC 8446 5.1, RFC 5246 6.2.1): type 20 to 24, version
03 00 to 03 04, at most 2^14 + 2048 bytes, whole, with nothing left over.
"""

import argparse
import collections
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import pcapng  # noqa: E402 (beside this file)

KINDS = {20: "change_cipher_spec", 21: "alert", 22: "handshake",
         23: "application_data", 24: "heartbeat"}
VERSIONS = {0x0300: "SSLv3", 0x0301: "TLSv1.0", 0x0302: "TLSv1.1",
            0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
LONGEST = 2 ** 14 + 2048
# The random of a ServerHello that is a HelloRetryRequest, RFC 8446 4.1.3.
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891"
                      "c2a211167abb8c5e079e09e2c8a8339c")
# Every UID that DICOM itself assigns begins so (PS3.6 Annex A).
DICOM_UID = b"1.2.840.10008."

# OpenSSL's names of the suites that a peer here may have.
SUITES = dict(pair.split() for pair in """
1301 TLS_AES_128_GCM_SHA256; 1302 TLS_AES_256_GCM_SHA384;
1303 TLS_CHACHA20_POLY1305_SHA256; 1304 TLS_AES_128_CCM_SHA256;
1305 TLS_AES_128_CCM_8_SHA256; C02C ECDHE-ECDSA-AES256-GCM-SHA384;
C030 ECDHE-RSA-AES256-GCM-SHA384; 009F DHE-RSA-AES256-GCM-SHA384;
CCA9 ECDHE-ECDSA-CHACHA20-POLY1305; CCA8 ECDHE-RSA-CHACHA20-POLY1305;
CCAA DHE-RSA-CHACHA20-POLY1305; C0AF ECDHE-ECDSA-AES256-CCM8;
C0AD ECDHE-ECDSA-AES256-CCM; C0A3 DHE-RSA-AES256-CCM8;
C09F DHE-RSA-AES256-CCM; C02B ECDHE-ECDSA-AES128-GCM-SHA256;
C02F ECDHE-RSA-AES128-GCM-SHA256; 009E DHE-RSA-AES128-GCM-SHA256;
C0AE ECDHE-ECDSA-AES128-CCM8; C0AC ECDHE-ECDSA-AES128-CCM;
C0A2 DHE-RSA-AES128-CCM8; C09E DHE-RSA-AES128-CCM;
C024 ECDHE-ECDSA-AES256-SHA384; C028 ECDHE-RSA-AES256-SHA384;
006B DHE-RSA-AES256-SHA256; C023 ECDHE-ECDSA-AES128-SHA256;
C027 ECDHE-RSA-AES128-SHA256; 0067 DHE-RSA-AES128-SHA256;
C00A ECDHE-ECDSA-AES256-SHA; C014 ECDHE-RSA-AES256-SHA;
0039 DHE-RSA-AES256-SHA; C009 ECDHE-ECDSA-AES128-SHA;
C013 ECDHE-RSA-AES128-SHA; 0033 DHE-RSA-AES128-SHA; 009D AES256-GCM-SHA384;
C0A1 AES256-CCM8; C09D AES256-CCM; 009C AES128-GCM-SHA256; C0A0 AES128-CCM8;
C09C AES128-CCM; 003D AES256-SHA256; 003C AES128-SHA256; 0035 AES256-SHA;
002F AES128-SHA; C006 ECDHE-ECDSA-NULL-SHA; C010 ECDHE-RSA-NULL-SHA;
003B NULL-SHA256; 0002 NULL-SHA; 0001 NULL-MD5
""".replace("\n", " ").split(";"))


class Side:
    """One direction of a stream, taken apart."""

    def __init__(self, data, torn):
        self.bytes = len(data)
        self.records = collections.Counter()
        self.last = (0, 0)      # type and length of the last record
        self.alerts = []        # (level, description) sent in clear
        self.plain = 0          # bytes that belong to no record
        self.wrong = []
        self.hello = b""        # handshake bytes before application data
        self._walk(data, torn)

    def _walk(self, data, torn):
        pos = 0
        while pos < len(data):
            why = self._record(data, pos)
            if why is None:
                pos += 5 + int.from_bytes(data[pos + 3:pos + 5], "big")
                continue
            if torn and why.startswith("a torn record"):
                return
            self.plain = len(data) - pos
            self.wrong.append("%s at byte %d: %d bytes are not TLS (%s)" % (
                why, pos, self.plain, data[pos:pos + 16].hex(" ")))
            return

    def _record(self, data, pos):
        """Takes the record at POS in; a sentence if it is none."""
        if len(data) - pos >= 3 and (
                data[pos] not in KINDS or data[pos + 1] != 3 or
                data[pos + 2] > 4):
            return "no TLS record"
        if len(data) - pos < 5:
            return "a torn record's header"
        size = int.from_bytes(data[pos + 3:pos + 5], "big")
        if size > LONGEST:
            return "a record of %d bytes" % size
        if pos + 5 + size > len(data):
            return "a torn record, %d bytes short" % (
                pos + 5 + size - len(data))
        kind, body = data[pos], data[pos + 5:pos + 5 + size]
        if kind == 22 and not self.records[23]:
            self.hello += body
        if kind == 21 and size == 2:
            self.alerts.append((body[0], body[1]))
        if not self.records and kind not in (21, 22):
            return "begins with a record of type %d" % kind
        self.records[kind] += 1
        self.last = (kind, size)
        return None

    def ends_as_alert(self):
        """An encrypted alert can be told by its type, in TLS 1.3 by its
        length alone (RFC 8446 5.2: 2 bytes, a type, a tag of 16)."""
        return self.last[0] == 21 or self.last == (23, 19)


def server_hello(hello):
    """(version, suite) that the server chose, or (None, None)."""
    while len(hello) >= 4:
        size = int.from_bytes(hello[1:4], "big")
        body, kind = hello[4:4 + size], hello[0]
        hello = hello[4 + size:]
        if kind != 2 or len(body) < 38 or body[2:34] == RETRY:
            continue
        version = int.from_bytes(body[0:2], "big")
        at = 35 + body[34]
        suite = body[at:at + 2].hex().upper()
        at += 5
        while at + 4 <= len(body):
            extension = int.from_bytes(body[at:at + 2], "big")
            length = int.from_bytes(body[at + 2:at + 4], "big")
            if extension == 43:
                version = int.from_bytes(body[at + 4:at + 6], "big")
            at += 4 + length
        return (VERSIONS.get(version, "%04x" % version),
                SUITES.get(suite, "suite " + suite))
    return None, None


class Checked:
    """A stream with its verdict."""

    def __init__(self, number, stream, args):
        self.number, self.stream, self.wrong = number, stream, []
        self.sides = {}
        data = {}
        for who, end in (("client", stream.client), ("server", stream.server)):
            half = stream.halves[end]
            data[who], missing = half.join()
            self.wrong += ["%s: %s" % (who, text) for text in missing]
            self.sides[who] = Side(data[who], args.torn)
            if args.side in (who, "both"):
                self.wrong += ["%s: %s" % (who, text)
                               for text in self.sides[who].wrong]
        if not stream.begun:
            self.wrong.append("bytes missing: its beginning is not there")
        self.version, self.suite = server_hello(self.sides["server"].hello)
        self._judge_handshake(args)
        for text in args.absent:
            self._judge_absent(data, text.encode(), args)
        if not args.null:
            self._judge_absent(data, DICOM_UID, args)

    def _judge_handshake(self, args):
        if self.version is None:
            if not args.unfinished:
                self.wrong.append("no handshake took place")
            return
        if args.version and self.version != args.version:
            self.wrong.append("%s instead of %s" % (self.version, args.version))
        if args.suite and self.suite not in args.suite.split(","):
            self.wrong.append("%s instead of %s" % (self.suite, args.suite))
        if "NULL" in self.suite and not args.null:
            self.wrong.append("%s does not encrypt" % self.suite)

    def _judge_absent(self, data, text, args):
        for who in ("client", "server"):
            if args.side in (who, "both") and text in data[who]:
                self.wrong.append("%s: %r is there in clear at byte %d" % (
                    who, text.decode(), data[who].index(text)))

    def show(self):
        print("stream %d  %s  %s %s" % (
            self.number, self.stream.name(), self.version or "no handshake",
            self.suite or ""))
        for who, end in (("client", self.stream.client),
                         ("server", self.stream.server)):
            side, half = self.sides[who], self.stream.halves[end]
            kinds = ", ".join("%d %s" % (n, KINDS[k])
                              for k, n in sorted(side.records.items()))
            end = "RST" if half.reset else "FIN, RST" if half.late_reset \
                else "FIN" if half.fin is not None else "open"
            print("  %s  %d bytes, %d records (%s), %s" % (
                who, side.bytes, sum(side.records.values()), kinds, end))
            for level, what in side.alerts:
                print("  %s  alert in clear: level %d, description %d" % (
                    who, level, what))
        for text in self.wrong:
            print("  WRONG  " + text)


def close_notifies(path, ports, keylog):
    """The (source, target) ports of each close_notify that tshark sees."""
    if shutil.which("tshark") is None:
        sys.exit("wire: tshark is needed to look for close_notify")
    command = ["tshark", "-r", path, "-Y", "tls.alert_message.desc",
               "-T", "fields", "-e", "tcp.srcport", "-e", "tcp.dstport",
               "-e", "tls.alert_message.desc"]
    for port in ports:
        command += ["-d", "tcp.port==%d,tls" % port]
    if keylog:
        command += ["-o", "tls.keylog_file:" + keylog]
    out = subprocess.run(command, check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seen = set()
    for line in out.stdout.splitlines():
        source, target, what = line.split("\t")
        if "0" in what.split(","):
            seen.add((int(source), int(target)))
    return seen


def judge_end(checked, seen, wanted):
    """Each end that has to say close_notify said it, and lost nothing."""
    stream = checked.stream
    for who, end in (("client", stream.client), ("server", stream.server)):
        side, half = checked.sides[who], stream.halves[end]
        if wanted not in (who, "both"):
            continue
        # tshark 4.0 loses the thread of a direction of many megabytes.
        if (end[1], stream.other(end)[1]) not in seen and not (
                side.bytes > 1 << 20 and side.ends_as_alert()):
            checked.wrong.append("%s: no close_notify" % who)
        # A close while the other's close_notify is on its way in makes the
        # kernel reset; that is no loss when all had been acknowledged.
        elif half.reset and half.acked < side.bytes:
            checked.wrong.append("%s: RST with %d bytes under way" % (
                who, side.bytes - half.acked))


def arguments():
    p = argparse.ArgumentParser(
        description="Proves that streams of a capture are TLS only.")
    p.add_argument("capture")
    p.add_argument("--port", default="2762",
                   help="the ports that have to be TLS, comma-separated")
    p.add_argument("--version", help="as TLSv1.3: each stream's")
    p.add_argument("--suite", help="OpenSSL's names, comma-separated")
    p.add_argument("--absent", action="append", default=[],
                   help="a text that may not be there in clear; repeatable")
    p.add_argument("--streams", type=int, help="exactly so many")
    p.add_argument("--side", choices=("both", "client", "server"),
                   default="both", help="whose bytes have to be TLS")
    p.add_argument("--unfinished", action="store_true",
                   help="a stream may end before its handshake")
    p.add_argument("--torn", action="store_true",
                   help="a stream may end inside a record (killed program)")
    p.add_argument("--null", action="store_true",
                   help="suites without encryption are wanted")
    p.add_argument("--brief", action="store_true",
                   help="only the sum, and the streams with a fault")
    p.add_argument("--close", choices=("both", "client", "server"),
                   help="who has to end with close_notify, all bytes taken")
    p.add_argument("--keylog", help="the secrets, to see close_notify")
    return p.parse_args()


def check(args):
    """The streams, each with its verdict, and what is wrong in general."""
    ports = {int(p) for p in args.port.split(",")}
    checked = [Checked(i, s, args) for i, s in
               enumerate(pcapng.streams(args.capture, ports))]
    wrong = []
    if args.close:
        seen = close_notifies(args.capture, ports, args.keylog)
        for c in checked:
            judge_end(c, seen, args.close)
    if args.streams is None and not checked:
        wrong.append("no stream on port %s" % args.port)
    if args.streams is not None and len(checked) != args.streams:
        wrong.append("%d streams instead of %d" % (len(checked), args.streams))
    return checked, wrong


def show_sum(checked, args):
    sides = [side for c in checked for who, side in c.sides.items()
             if args.side in (who, "both")]
    print("TLS version      %s" % names(c.version for c in checked))
    print("cipher suite     %s" % names(c.suite for c in checked))
    print("TLS records      %d" % sum(sum(s.records.values()) for s in sides))
    print("bytes on wire    %d" % sum(s.bytes for s in sides))
    print("plaintext bytes  %d" % sum(s.plain for s in sides))


def names(found):
    return ", ".join(sorted(set(filter(None, found)))) or "none"


def main():
    args = arguments()
    try:
        checked, wrong = check(args)
    except (pcapng.Broken, OSError) as e:
        print("WRONG  %s" % e)
        return 1
    for c in checked:
        if not args.brief or c.wrong:
            c.show()
    for text in wrong:
        print("WRONG  " + text)
    show_sum(checked, args)
    bad = len(wrong) + sum(len(c.wrong) for c in checked)
    print("wire: %s" % ("clean" if bad == 0 else "%d wrong" % bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
