noinst_LTLIBRARIES += libcert.la
libcert_la_SOURCES = \
	shim/cert/describe.c shim/cert/describe.h \
	shim/cert/files.c shim/cert/files.h \
	shim/cert/hostid.h \
	shim/cert/hostkey.c shim/cert/hostkey.h \
	shim/cert/identity.c shim/cert/identity.h \
	shim/cert/issue.c shim/cert/issue.h \
	shim/cert/load.c shim/cert/load.h \
	shim/cert/names.c shim/cert/names.h \
	shim/cert/ossl.c shim/cert/ossl.h \
	shim/cert/pair.c shim/cert/pair.h \
	shim/cert/password.c shim/cert/password.h \
	shim/cert/peers.c shim/cert/peers.h \
	shim/cert/pkcs12.c shim/cert/pkcs12.h \
	shim/cert/reload.c shim/cert/reload.h \
	shim/cert/seal.c shim/cert/seal.h \
	shim/cert/store.c shim/cert/store.h \
	shim/cert/wrap.h
libcert_la_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
if WINDOWS
libcert_la_SOURCES += shim/cert/hostid_win32.c shim/cert/wrap_win32.c
else
libcert_la_SOURCES += shim/cert/hostid_linux.c shim/cert/wrap_linux.c
endif
