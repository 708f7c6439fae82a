#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""suite: runs test modules of CPython's own, one line for each test.

usage: suite.py RESULTS MODULE[.CLASS[.TEST]] ...

RESULTS gets "NAME OUTCOME" lines in the order of the tests; a test that
hangs ends the run with the stacks of all threads, and has no line.
"""
import faulthandler
import re
import sys
import unittest

LIMIT = 60

# Not TCP, and some machines leave these waiting without end.
APART = r"VSOCK|Bluetooth|CANTest|ISOTP|J1939"
# A server with TLS of its own on a configured port: the client's is let
# through, and the preload library answers it in the server's place.
APART += r"|ssl|SSL|TLS_FTP|starttls|STARTTLS|test_https"


class Lines(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        faulthandler.dump_traceback_later(LIMIT, exit=True)
        self.outcome = "ok"

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()
        out.write(f"{test.id()} {self.outcome}\n")
        out.flush()

    def addError(self, test, err):
        super().addError(test, err)
        self.outcome = f"error {err[0].__name__}"

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.outcome = f"failure {err[0].__name__}"

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcome = f"failure {err[0].__name__}"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome = "skipped"

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.outcome = "xfail"

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.outcome = "xpass"


def tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests(test)
        elif not re.search(APART, test.id()):
            yield test


if __name__ == "__main__":
    out = open(sys.argv[1], "w", encoding="ascii")
    loaded = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[2:])
    chosen = unittest.TestSuite(tests(loaded))
    unittest.TextTestRunner(resultclass=Lines, verbosity=0).run(chosen)
