# tests/fuzz: `make check` replays the corpora; `make fuzz` goes on from them
# with clang's libFuzzer (FUZZ_SECONDS for each target).
FUZZ_TESTS = tests/fuzz/fuzz_client tests/fuzz/fuzz_conf tests/fuzz/fuzz_load \
	tests/fuzz/fuzz_pdu tests/fuzz/fuzz_peers tests/fuzz/fuzz_rules \
	tests/fuzz/fuzz_server
FUZZ_SHARED = tests/fuzz/replay.c tests/fuzz/fuzz.h
FUZZ_SECONDS = 600
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/fuzz tests/sanitize tests/tsan.supp

tests_fuzz_fuzz_client_SOURCES = tests/fuzz/fuzz_client.c \
	tests/fuzz/engine_in.h $(FUZZ_SHARED)
tests_fuzz_fuzz_client_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
tests_fuzz_fuzz_client_LDADD = libengine.la libcert.la libpolicy.la \
	libbase.la $(INIH_LIBS) $(OPENSSL_LIBS)
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(FUZZ_SHARED)
tests_fuzz_fuzz_conf_LDADD = libpolicy.la libbase.la $(INIH_LIBS)
tests_fuzz_fuzz_load_SOURCES = tests/fuzz/fuzz_load.c $(FUZZ_SHARED)
tests_fuzz_fuzz_load_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
tests_fuzz_fuzz_load_LDADD = libcert.la libpolicy.la libbase.la \
	$(INIH_LIBS) $(OPENSSL_LIBS)
tests_fuzz_fuzz_pdu_SOURCES = tests/fuzz/fuzz_pdu.c $(FUZZ_SHARED)
tests_fuzz_fuzz_pdu_LDADD = libdicom.la
tests_fuzz_fuzz_peers_SOURCES = tests/fuzz/fuzz_peers.c $(FUZZ_SHARED)
tests_fuzz_fuzz_peers_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
tests_fuzz_fuzz_peers_LDADD = libcert.la libpolicy.la libbase.la \
	$(INIH_LIBS) $(OPENSSL_LIBS)
tests_fuzz_fuzz_rules_SOURCES = tests/fuzz/fuzz_rules.c $(FUZZ_SHARED)
tests_fuzz_fuzz_rules_LDADD = libpolicy.la libbase.la $(INIH_LIBS)
tests_fuzz_fuzz_server_SOURCES = tests/fuzz/fuzz_server.c \
	tests/fuzz/engine_in.h $(FUZZ_SHARED)
tests_fuzz_fuzz_server_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
tests_fuzz_fuzz_server_LDADD = libengine.la libcert.la libpolicy.la \
	libbase.la $(INIH_LIBS) $(OPENSSL_LIBS)

.PHONY: fuzz
fuzz:
	$(SHELL) $(srcdir)/tests/fuzz/fuzz $(FUZZ_SECONDS)
