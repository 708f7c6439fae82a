# SPDX-License-Identifier: Apache-2.0
# tests/programs: programs that are not DICOM's, as a second opinion.

PROGRAM_TESTS = \
	tests/programs/cpython.sh \
	tests/programs/general.sh

# CPython's own tests take minutes, and Debian's package
# libpython3.11-testsuite; the others take one.
TESTS += tests/programs/general.sh
EXTRA_DIST += $(PROGRAM_TESTS) \
	tests/programs/cpython.known \
	tests/programs/suite.py

check-programs:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(PROGRAM_TESTS)'

.PHONY: check-programs
