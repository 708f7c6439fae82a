#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# terminal: runs a program on a terminal of its own, as a person would.
"""usage: terminal.py SECONDS KEYS WORDS PROGRAM [ARGUMENT ...]

Waits until the program has written WORDS, then SECONDS more, types KEYS ("^C"
is Ctrl-C, "" nothing, "hangup" closes the terminal), and copies what it writes
to standard output.  Ends as the program ends, 128 + N after a signal N.
"""

import os
import pty
import select
import signal
import sys
import time


def heard(fd):
    """What there is to be read, None at the end."""
    if not select.select([fd], [], [], 0.05)[0]:
        return b""
    try:
        return os.read(fd, 65536) or None
    except OSError:
        return None


def talk(fd, seconds, keys, words):
    """Whether the program closed its terminal within a minute."""
    said, when = b"", None
    end = time.monotonic() + 60
    while time.monotonic() < end:
        data = heard(fd)
        if data is None:
            return True
        said += data
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        if when is None and words.encode() in said:
            when = time.monotonic() + seconds
        if when is not None and time.monotonic() >= when:
            if keys == "hangup":
                return True
            os.write(fd, keys.replace("^C", "\x03").encode())
            when = float("inf")
    return False


def ended(pid):
    """Its exit status, or None after twenty seconds."""
    for _ in range(200):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    return None


def main():
    pid, fd = pty.fork()
    if pid == 0:
        # A shell that started us in the background had it ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(sys.argv[4], sys.argv[4:])
    talk(fd, float(sys.argv[1]), sys.argv[2], sys.argv[3])
    os.close(fd)
    status = ended(pid)
    if status is None:
        os.kill(pid, signal.SIGKILL)
        sys.exit("terminal: %s did not end" % sys.argv[4])
    return status


if __name__ == "__main__":
    status = main()
    sys.exit(status if status >= 0 else 128 - status)
