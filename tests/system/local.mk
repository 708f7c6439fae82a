# tests/system: real DICOM programs, recorded on the wire.

SYSTEM_TESTS = \
	tests/system/01-wire.py \
	tests/system/10-echo-store.sh \
	tests/system/20-native.sh \
	tests/system/30-forks.sh \
	tests/system/40-dcmtk.sh \
	tests/system/41-ctn.sh \
	tests/system/42-orthanc.sh \
	tests/system/43-others.sh \
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
	tests/system/42-policy-matrix.sh \
	tests/system/43-policy-verify.sh \
	tests/system/44-policy-peers.sh \
	tests/system/45-policy-log.sh

SYSTEM_TESTS += \
	tests/system/61-cert-tools.sh \
	tests/system/62-cert-bad.sh \
	tests/system/63-cert-crash.sh \
	tests/system/64-cert-live.sh

TESTS += $(SYSTEM_TESTS)
EXTRA_DIST += $(SYSTEM_TESTS) \
	tests/system/demo \
	tests/system/images.py \
	tests/system/lib.sh \
	tests/system/matrix \
	tests/system/node/package.json \
	tests/system/node/package-lock.json \
	tests/system/node/scp.js \
	tests/system/node/scu.js \
	tests/system/pcapng.py \
	tests/system/pdu.py \
	tests/system/programs.sh \
	tests/system/python \
	tests/system/wire.py

# Behind the tests, in a run that passed; bootstrap prints it in any case.
check-local: check-TESTS
	@$(SHELL) $(srcdir)/tests/system/matrix \
		$(SYSTEM_TESTS:.sh=.log) /dev/null 2>/dev/null || true
