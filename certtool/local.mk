# certtool
bin_PROGRAMS += dicomtls-certtool
dicomtls_certtool_SOURCES = \
	certtool/command.h certtool/main.c \
	certtool/check.c certtool/report.c certtool/report.h \
	certtool/export.c \
	certtool/generate.c \
	certtool/import.c \
	certtool/password.c \
	certtool/peer.c certtool/peer.h \
	certtool/renew.c \
	certtool/setpassword.c \
	certtool/show.c \
	certtool/tool.c certtool/tool.h \
	certtool/trust.c
dicomtls_certtool_CPPFLAGS = $(AM_CPPFLAGS) $(TOOL_DEFINES)
dicomtls_certtool_LDFLAGS = $(AM_LDFLAGS) $(TOOL_LINKING)
dicomtls_certtool_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
dicomtls_certtool_LDADD = libcert.la libpolicy.la libbase.la \
	$(OPENSSL_LIBS) $(JANSSON_LIBS) $(INIH_LIBS)
dist_man_MANS += man/dicomtls-certtool.1
if WINDOWS
dicomtls_certtool_SOURCES += shim/win32/posix/start.c
endif
