#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# terminal: runs a program on a terminal of its own, as a person would.
"""usage: terminal.py SECONDS KEYS WORDS PROGRAM [ARGUMENT ...]

Waits until the program has written WORDS, then SECONDS more, types KEYS ("^C"
is Ctrl-C, "" nothing), and copies what it writes to standard output.  Ends as
the program ends, 128 + N after a signal N.
"""

import os
import pty
import select
import signal
import sys
import time


def main():
    seconds, keys, words = float(sys.argv[1]), sys.argv[2], sys.argv[3]
    pid, fd = pty.fork()
    if pid == 0:
        # A shell that started us in the background had it ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(sys.argv[4], sys.argv[4:])
    said, typed, when = b"", False, None
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if when is None and words.encode() in said:
            when = time.monotonic() + seconds
        if when is not None and not typed and time.monotonic() >= when:
            os.write(fd, keys.replace("^C", "\x03").encode())
            typed = True
        if not select.select([fd], [], [], 0.05)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            break
        said += data
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    status = main()
    sys.exit(status if status >= 0 else 128 - status)
