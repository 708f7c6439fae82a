noinst_LTLIBRARIES += libpolicy.la
libpolicy_la_SOURCES = \
	shim/policy/conf.c shim/policy/conf.h \
	shim/policy/confile.c shim/policy/confile.h \
	shim/policy/place.h \
	shim/policy/policy.c shim/policy/policy.h \
	shim/policy/pool.c shim/policy/pool.h \
	shim/policy/profile.c shim/policy/profile.h \
	shim/policy/rules.c shim/policy/rules.h \
	shim/policy/settings.c \
	shim/policy/tlsconf.c shim/policy/tlsconf.h \
	shim/policy/words.c shim/policy/words.h
libpolicy_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS)
if WINDOWS
libpolicy_la_SOURCES += shim/policy/place_win32.c
else
libpolicy_la_SOURCES += shim/policy/place_linux.c
endif
