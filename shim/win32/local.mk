# SPDX-License-Identifier: Apache-2.0
# What Windows has instead of libc's room, and POSIX's calls for the others.

noinst_LTLIBRARIES += libposix.la
libposix_la_SOURCES = \
	shim/win32/posix/dir.c \
	shim/win32/posix/env.c \
	shim/win32/posix/file.c \
	shim/win32/posix/ifaddrs.c \
	shim/win32/posix/misc.c \
	shim/win32/posix/owner.c shim/win32/posix/owner.h \
	shim/win32/posix/sock.c \
	shim/win32/posix/text.c shim/win32/posix/text.h

TOOL_LINKING = -municode
TOOL_DEFINES = -DDICOMTLS_POSIX_SOCKETS

pkglib_LTLIBRARIES += dicomtls.la
dicomtls_la_SOURCES = \
	shim/win32/byname.c \
	shim/win32/calls.def \
	shim/win32/dial.c shim/win32/dial.h \
	shim/win32/dll.c \
	shim/win32/gate.c shim/win32/gate.h \
	shim/win32/hooks.c shim/win32/hooks.h \
	shim/win32/inject.c shim/win32/inject.h \
	shim/win32/loop.c shim/win32/loop.h \
	shim/win32/names.c shim/win32/names.h \
	shim/win32/option.c \
	shim/win32/process.c shim/win32/process.h \
	shim/win32/relay.c shim/win32/relay.h shim/win32/relay_state.h \
	shim/win32/relay_pump.c \
	shim/win32/relay_shake.c \
	shim/win32/say.c shim/win32/say.h \
	shim/win32/sniff.c shim/win32/sniff.h \
	shim/win32/socktab.c shim/win32/socktab.h \
	shim/win32/taken.c shim/win32/taken.h \
	shim/win32/use.c
dicomtls_la_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
dicomtls_la_LIBADD = libengine.la libcert.la libdicom.la libpolicy.la \
	libbase.la
dicomtls_la_LDFLAGS = -static-libgcc -no-undefined -module -avoid-version -shared \
	-export-symbols-regex '^DllMain$$' $(DLL_LIBS)
