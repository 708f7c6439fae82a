# SPDX-License-Identifier: Apache-2.0
# Tests of what was built for Windows, under Wine.

check_PROGRAMS += tests/windows/modes
tests_windows_modes_SOURCES = \
	tests/windows/modes.c tests/windows/modes.h \
	tests/windows/overlapped.c \
	tests/windows/waiting.c
tests_windows_modes_CFLAGS = $(WARN_CFLAGS) -Wno-format
tests_windows_modes_LDADD = $(WINDOWS_LIBS)

# All unit tests but those of conn, whose place the relay has here.
check_LTLIBRARIES += libwinunit.la
libwinunit_la_SOURCES = tests/windows/unit.c
libwinunit_la_CFLAGS = $(UNIT_CFLAGS)
WINDOWS_UNIT_TESTS = \
	tests/unit/check_buf \
	tests/unit/check_conf \
	tests/unit/check_context \
	tests/unit/check_engine \
	tests/unit/check_fail \
	tests/unit/check_identity \
	tests/unit/check_issue \
	tests/unit/check_log \
	tests/unit/check_manual \
	tests/unit/check_password \
	tests/unit/check_pdu \
	tests/unit/check_peers \
	tests/unit/check_policy \
	tests/unit/check_profile \
	tests/unit/check_rules \
	tests/unit/check_sslerr \
	tests/unit/check_store \
	tests/unit/check_verify

check_PROGRAMS += tests/windows/strangers
tests_windows_strangers_SOURCES = \
	shim/win32/loop.c \
	tests/windows/strangers.c
tests_windows_strangers_LDADD = libbase.la $(WINDOWS_LIBS)
