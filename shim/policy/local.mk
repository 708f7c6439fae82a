noinst_LTLIBRARIES += libpolicy.la
libpolicy_la_SOURCES = \
	shim/policy/conf.c shim/policy/conf.h \
	shim/policy/policy.c shim/policy/policy.h \
	shim/policy/profile.c shim/policy/profile.h \
	shim/policy/rules.c shim/policy/rules.h
libpolicy_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS)
