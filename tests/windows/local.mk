# SPDX-License-Identifier: Apache-2.0
# Tests of what was built for Windows, under Wine.

check_PROGRAMS += tests/windows/modes
tests_windows_modes_SOURCES = \
	tests/windows/modes.c tests/windows/modes.h \
	tests/windows/overlapped.c \
	tests/windows/waiting.c
tests_windows_modes_CFLAGS = $(WARN_CFLAGS) -Wno-format
tests_windows_modes_LDADD = $(WINDOWS_LIBS)
tests_windows_modes_LDFLAGS = $(AM_LDFLAGS) -static-libtool-libs
