noinst_LTLIBRARIES += libcert.la
libcert_la_SOURCES = shim/cert/identity.c shim/cert/identity.h
libcert_la_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
