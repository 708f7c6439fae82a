# tests/unit
UNIT_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
UNIT_LIBS = libbase.la $(CHECK_LIBS)
if WINDOWS
UNIT_CFLAGS += -include $(top_srcdir)/tests/windows/unit.h \
	-isystem $(top_srcdir)/tests/windows/include
UNIT_LIBS += libwinunit.la libbase.la $(WINDOWS_LIBS)
endif
UNIT_TESTS =
EXTRA_DIST += tests/unit/missing.sh tests/unit/unit.h

# base
UNIT_TESTS += tests/unit/check_buf tests/unit/check_fail tests/unit/check_log
tests_unit_check_buf_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_buf_LDADD = $(UNIT_LIBS)
tests_unit_check_fail_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_fail_LDADD = $(UNIT_LIBS)
tests_unit_check_log_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_check_log_LDADD = $(UNIT_LIBS) $(JANSSON_LIBS)

# policy
UNIT_TESTS += tests/unit/check_conf tests/unit/check_manual \
	tests/unit/check_policy tests/unit/check_profile \
	tests/unit/check_rules
tests_unit_check_conf_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_conf_LDADD = libpolicy.la $(UNIT_LIBS) $(INIH_LIBS)
tests_unit_check_manual_CFLAGS = $(UNIT_CFLAGS) \
	-DMANUAL='"$(abs_srcdir)/man/"'
tests_unit_check_manual_LDADD = libpolicy.la $(UNIT_LIBS) $(INIH_LIBS)
tests_unit_check_policy_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_policy_LDADD = libpolicy.la $(UNIT_LIBS) $(INIH_LIBS)
tests_unit_check_profile_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_profile_LDADD = libpolicy.la $(UNIT_LIBS) $(INIH_LIBS)
tests_unit_check_rules_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_rules_LDADD = libpolicy.la $(UNIT_LIBS) $(INIH_LIBS)

# cert
UNIT_CERT_LIBS = libcert.la $(UNIT_LIBS) $(OPENSSL_LIBS)
UNIT_TESTS += tests/unit/check_identity tests/unit/check_issue \
	tests/unit/check_password tests/unit/check_peers \
	tests/unit/check_store
tests_unit_check_identity_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_check_identity_LDADD = $(UNIT_CERT_LIBS)
tests_unit_check_issue_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_check_issue_LDADD = $(UNIT_CERT_LIBS)
tests_unit_check_password_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_check_password_LDADD = $(UNIT_CERT_LIBS)
tests_unit_check_peers_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_check_peers_LDADD = $(UNIT_CERT_LIBS)
tests_unit_check_store_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
tests_unit_check_store_LDADD = $(UNIT_CERT_LIBS)

# engine
ENGINE_TEST_CFLAGS = $(UNIT_CFLAGS) $(OPENSSL_CFLAGS)
ENGINE_TEST_LIBS = libengine.la libcert.la libpolicy.la $(UNIT_LIBS) \
	$(INIH_LIBS) $(OPENSSL_LIBS)
EXTRA_DIST += tests/unit/pair.h tests/unit/pki.h
UNIT_TESTS += tests/unit/check_engine tests/unit/check_context \
	tests/unit/check_sslerr tests/unit/check_verify
tests_unit_check_context_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_context_LDADD = $(ENGINE_TEST_LIBS)
tests_unit_check_engine_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_engine_LDADD = $(ENGINE_TEST_LIBS)
tests_unit_check_sslerr_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_sslerr_LDADD = $(ENGINE_TEST_LIBS)
tests_unit_check_verify_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_verify_LDADD = $(ENGINE_TEST_LIBS)

# conn
CONN_TEST_LIBS = libconn.la libdicom.la $(ENGINE_TEST_LIBS)
EXTRA_DIST += tests/unit/wires.h
UNIT_TESTS += tests/unit/check_conn tests/unit/check_fdtab \
	tests/unit/check_pdu tests/unit/check_span
tests_unit_check_conn_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_conn_LDADD = $(CONN_TEST_LIBS)
tests_unit_check_fdtab_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_fdtab_LDADD = $(CONN_TEST_LIBS)
UNIT_TESTS += tests/unit/check_turns
tests_unit_check_turns_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_turns_LDADD = $(CONN_TEST_LIBS)

UNIT_TESTS += tests/unit/check_joining
tests_unit_check_joining_CFLAGS = $(ENGINE_TEST_CFLAGS)
tests_unit_check_joining_LDADD = $(CONN_TEST_LIBS)
tests_unit_check_pdu_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_pdu_LDADD = libdicom.la $(UNIT_LIBS)
tests_unit_check_span_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_span_LDADD = $(UNIT_LIBS)

if WINDOWS
check_PROGRAMS += $(WINDOWS_UNIT_TESTS)
else
# launcher
UNIT_TESTS += tests/unit/check_ladder
tests_unit_check_ladder_SOURCES = tests/unit/check_ladder.c $(LADDER_SOURCES)
tests_unit_check_ladder_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/launcher \
	-DCAPTURES='"$(abs_srcdir)/captures/"'
tests_unit_check_ladder_CFLAGS = $(UNIT_CFLAGS)
tests_unit_check_ladder_LDADD = $(UNIT_LIBS)

# What leaves a preloaded program.
check_PROGRAMS += tests/unit/leaker
TESTS += tests/unit/leaks.py
EXTRA_DIST += tests/unit/leaks.py

if HAVE_CHECK
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
else
TESTS += tests/unit/missing.sh
endif
endif
