# tests/system: real DICOM programs, recorded on the wire.

SYSTEM_TESTS = \
	tests/system/01-wire.py \
	tests/system/10-echo-store.sh \
	tests/system/20-native.sh \
	tests/system/30-forks.sh \
	tests/system/50-plain-peers.sh \
	tests/system/60-first-use.sh \
	tests/system/70-fail-closed.sh \
	tests/system/80-untouched.sh

SYSTEM_TESTS += \
	tests/system/31-launcher-run.sh \
	tests/system/32-launcher-doctor.sh \
	tests/system/33-launcher-probe.sh \
	tests/system/34-launcher-systemd.sh \
	tests/system/41-policy-sections.sh \
	tests/system/42-policy-matrix.sh

SYSTEM_TESTS += \
	tests/system/61-cert-tools.sh \
	tests/system/62-cert-bad.sh \
	tests/system/63-cert-crash.sh

TESTS += $(SYSTEM_TESTS)
EXTRA_DIST += $(SYSTEM_TESTS) \
	tests/system/demo \
	tests/system/images.py \
	tests/system/lib.sh \
	tests/system/matrix \
	tests/system/pcapng.py \
	tests/system/pdu.py \
	tests/system/python \
	tests/system/wire.py

# Behind the tests, in a run that passed; bootstrap prints it in any case.
check-local: check-TESTS
	@$(SHELL) $(srcdir)/tests/system/matrix \
		$(SYSTEM_TESTS:.sh=.log) /dev/null 2>/dev/null || true
