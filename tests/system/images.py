#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# images: tells whether the data sets of two folders are identical.
"""usage: images.py SENT GOT

Compares from the first byte behind the file meta information (PS3.10 7.1),
which is the receiver's own.  Where the transfer syntaxes differ both are
brought to implicit VR little endian by DCMTK's dcmconv first.
"""

import os
import subprocess
import sys
import tempfile

IMPLICIT = "1.2.840.10008.1.2"
SOP_INSTANCE = b"\x08\0\x18\0"


def parted(path):
    """(transfer syntax, data set) of a DICOM file."""
    with open(path, "rb") as f:
        raw = f.read()
    if raw[128:132] != b"DICM":
        sys.exit("%s is no DICOM file" % path)
    end = 144 + int.from_bytes(raw[140:144], "little")
    at = raw.index(b"\2\0\x10\0UI", 132, end)
    size = int.from_bytes(raw[at + 6:at + 8], "little")
    return raw[at + 8:at + 8 + size].rstrip(b"\0").decode(), raw[end:]


def uid(syntax, data):
    """The SOP Instance UID, which all data sets here have near the front."""
    at = data.index(SOP_INSTANCE)
    size = int.from_bytes(data[at + 4:at + 8] if syntax == IMPLICIT
                          else data[at + 6:at + 8], "little")
    return data[at + 8:at + 8 + size].rstrip(b"\0").decode()


def load(folder):
    found = {}
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        syntax, data = parted(path)
        found[uid(syntax, data)] = (syntax, data, path)
    return found


def implicit(path):
    with tempfile.NamedTemporaryFile() as f:
        subprocess.run(["dcmconv", "-q", "-F", "+ti", path, f.name],
                       check=True)
        return f.read()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sent, got = load(sys.argv[1]), load(sys.argv[2])
    if not sent:
        sys.exit("no image was sent")
    if set(sent) != set(got):
        sys.exit("%d images sent, %d arrived, of them %d that were sent" % (
            len(sent), len(got), len(set(sent) & set(got))))
    for key, (syntax, data, path) in sent.items():
        other_syntax, other, other_path = got[key]
        if data == other:
            continue
        if syntax == other_syntax or implicit(path) != implicit(other_path):
            sys.exit("image %s differs" % key)


if __name__ == "__main__":
    main()
