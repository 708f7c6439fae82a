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
	tests/system/44-services.sh \
	tests/system/50-plain-peers.sh \
	tests/system/51-timeouts.sh \
	tests/system/52-own-tls.sh \
	tests/system/60-first-use.sh \
	tests/system/70-fail-closed.sh \
	tests/system/80-untouched.sh \
	tests/system/90-captures.sh \
	tests/system/91-capture.sh \
	tests/system/92-record.sh

SYSTEM_TESTS += \
	tests/system/31-launcher-run.sh \
	tests/system/32-launcher-doctor.sh \
	tests/system/33-launcher-probe.sh \
	tests/system/34-launcher-systemd.sh \
	tests/system/41-policy-sections.sh \
	tests/system/42-policy-matrix.sh \
	tests/system/43-policy-verify.sh \
	tests/system/44-policy-orthanc.sh \
	tests/system/44-policy-peers.sh \
	tests/system/45-policy-log.sh \
	tests/system/46-policy-testssl.sh \
	tests/system/47-policy-hostile.sh \
	tests/system/48-policy-openssl-conf.sh \
	tests/system/49-policy-reasons.sh

SYSTEM_TESTS += \
	tests/system/61-cert-tools.sh \
	tests/system/62-cert-bad.sh \
	tests/system/63-cert-crash.sh \
	tests/system/64-cert-live.sh \
	tests/system/65-cert-commands.sh

TESTS += $(SYSTEM_TESTS)
EXTRA_DIST += $(SYSTEM_TESTS) \
	tests/system/demo \
	tests/system/events.py \
	tests/system/events.sh \
	tests/system/images.py \
	tests/system/blind.c tests/system/leak.c \
	tests/system/lib.sh \
	tests/system/matrix \
	tests/system/messages \
	tests/system/node/both-tls.js \
	tests/system/node/package.json \
	tests/system/node/package-lock.json \
	tests/system/node/scp.js \
	tests/system/node/scu.js \
	tests/system/pcapng.py \
	tests/system/pdu.py \
	tests/system/pki.sh \
	tests/system/profiles.sh \
	tests/system/programs.sh \
	tests/system/python \
	tests/system/sslpeer.py \
	tests/system/terminal.py \
	tests/system/wire.py

CAPTURES = \
	captures/01-echo-tls10.pcapng captures/01-echo-tls10.txt \
	captures/02-echo-tls11.pcapng captures/02-echo-tls11.txt \
	captures/03-echo-tls12.pcapng captures/03-echo-tls12.txt \
	captures/04-echo-tls13.pcapng captures/04-echo-tls13.txt \
	captures/05-store.pcapng captures/05-store.txt \
	captures/06-find.pcapng captures/06-find.txt \
	captures/07-move.pcapng captures/07-move.txt \
	captures/08-mutual.pcapng captures/08-mutual.txt \
	captures/10-bcp195.pcapng captures/10-bcp195.txt \
	captures/11-bcp195-modified.pcapng captures/11-bcp195-modified.txt \
	captures/12-bcp195-nd.pcapng captures/12-bcp195-nd.txt \
	captures/13-bcp195-extended.pcapng captures/13-bcp195-extended.txt \
	captures/14-bcp195-downgrade.pcapng captures/14-bcp195-downgrade.txt \
	captures/15-aes.pcapng captures/15-aes.txt \
	captures/16-legacy.pcapng captures/16-legacy.txt \
	captures/17-null.pcapng captures/17-null.txt \
	captures/20-plain-client.pcapng captures/20-plain-client.txt \
	captures/21-untrusted.pcapng captures/21-untrusted.txt \
	captures/22-expired.pcapng captures/22-expired.txt \
	captures/23-truncated.pcapng captures/23-truncated.txt \
	captures/30-plain-echo.pcapng captures/30-plain-echo.txt \
	captures/31-plain-store.pcapng captures/31-plain-store.txt
EXTRA_DIST += $(CAPTURES) captures/README captures/image.dcm captures/list \
	captures/record captures/summary

# Behind the tests, in a run that passed; bootstrap prints it in any case.
check-local: check-TESTS
	@$(SHELL) $(srcdir)/tests/system/matrix \
		$(SYSTEM_TESTS:.sh=.log) /dev/null 2>/dev/null || true
