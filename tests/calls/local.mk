# SPDX-License-Identifier: Apache-2.0
# The battery of calls: each case over plain TCP and under the preload library.

check_PROGRAMS += tests/calls/calls tests/calls/peer
TESTS += tests/calls/calls
EXTRA_DIST += tests/tsan.supp

tests_calls_calls_SOURCES = \
	tests/calls/calls.h \
	tests/calls/edge.c \
	tests/calls/ends.c \
	tests/calls/flags.c \
	tests/calls/flaws.c \
	tests/calls/forks.c \
	tests/calls/idle.c \
	tests/calls/judge.c \
	tests/calls/known.c \
	tests/calls/life.c \
	tests/calls/main.c \
	tests/calls/meanwhile.c \
	tests/calls/open.c \
	tests/calls/option.c \
	tests/calls/pdu.c \
	tests/calls/ready.c \
	tests/calls/receive.c \
	tests/calls/record.c tests/calls/record.h \
	tests/calls/runner.c tests/calls/runner.h \
	tests/calls/sanitizer.c \
	tests/calls/send.c \
	tests/calls/sides.c \
	tests/calls/signals.c \
	tests/calls/sockets.c \
	tests/calls/spawn.c \
	tests/calls/start.c \
	tests/calls/stdio.c \
	tests/calls/threads.c \
	tests/calls/ways.c \
	tests/calls/wire.c
tests_calls_calls_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTEST_SHIM='"$(abs_top_builddir)/.libs/libdicomtls.so"' \
	-DTEST_SUPPRESSIONS='"$(abs_top_srcdir)/tests/tsan.supp"' \
	-DTEST_PEER='"$(abs_top_builddir)/tests/calls/peer"'
if SANITIZED
tests_calls_calls_CPPFLAGS += -DTEST_GUARD=180
else
tests_calls_calls_CPPFLAGS += -DTEST_GUARD=20
endif
tests_calls_calls_LDADD = libcallsfortified.la -lpthread

# One file as a fortified program with 64-bit offsets is built.
check_LTLIBRARIES += libcallsfortified.la
libcallsfortified_la_SOURCES = tests/calls/fortified.c
libcallsfortified_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64
libcallsfortified_la_CFLAGS = $(WARN_CFLAGS) -O2

tests_calls_peer_SOURCES = \
	tests/calls/peer.c tests/calls/peer.h \
	tests/calls/record.c tests/calls/record.h \
	tests/calls/sockets.c \
	tests/calls/words.c
tests_calls_peer_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
tests_calls_peer_LDADD = $(OPENSSL_LIBS)
