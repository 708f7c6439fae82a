# SPDX-License-Identifier: Apache-2.0
# Tests of what was built for Windows, under Wine.

check_PROGRAMS += tests/windows/modes
tests_windows_modes_SOURCES = \
	tests/windows/modes.c tests/windows/modes.h \
	tests/windows/overlapped.c \
	tests/windows/waiting.c
tests_windows_modes_CFLAGS = $(WARN_CFLAGS) -Wno-format
tests_windows_modes_LDADD = $(WINDOWS_LIBS)

check_PROGRAMS += tests/windows/refusals
tests_windows_refusals_SOURCES = tests/windows/refusals.c
tests_windows_refusals_CFLAGS = $(WARN_CFLAGS) -Wno-format
tests_windows_refusals_LDADD = $(WINDOWS_LIBS)

# wsock32 alone.
check_PROGRAMS += tests/windows/old
tests_windows_old_SOURCES = tests/windows/old.c
tests_windows_old_CFLAGS = $(WARN_CFLAGS)
tests_windows_old_LDADD = -lwsock32

check_PROGRAMS += tests/windows/ctrl
tests_windows_ctrl_SOURCES = tests/windows/ctrl.c
tests_windows_ctrl_CFLAGS = $(WARN_CFLAGS)
tests_windows_ctrl_LDFLAGS = $(AM_LDFLAGS) -municode

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
