# SPDX-License-Identifier: Apache-2.0
# What Windows has instead of libc's room, and POSIX's calls for the others.

noinst_LTLIBRARIES += libposix.la
libposix_la_SOURCES = \
	shim/win32/posix/dir.c \
	shim/win32/posix/env.c \
	shim/win32/posix/file.c \
	shim/win32/posix/ifaddrs.c \
	shim/win32/posix/ini.c \
	shim/win32/posix/misc.c \
	shim/win32/posix/owner.c shim/win32/posix/owner.h \
	shim/win32/posix/sock.c \
	shim/win32/posix/text.c shim/win32/posix/text.h

dicomtls_certtool_LDFLAGS = $(AM_LDFLAGS) -municode
dicomtls_certtool_CPPFLAGS = $(AM_CPPFLAGS) -DDICOMTLS_POSIX_SOCKETS
