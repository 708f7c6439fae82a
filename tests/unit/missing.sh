#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for the unit tests where they cannot be built.
echo "unit tests: Check is not installed (Debian: apt install check)"
[ "${DICOMTLS_TEST_STRICT:-}" = 1 ] && exit 1
exit 77
