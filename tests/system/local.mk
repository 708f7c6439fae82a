# tests/system: real DICOM programs, recorded on the wire.

SYSTEM_TESTS = \
	tests/system/01-wire.py

SYSTEM_LIB = \
	tests/system/lib.sh \
	tests/system/matrix \
	tests/system/pcapng.py \
	tests/system/wire.py

TESTS += $(SYSTEM_TESTS)
EXTRA_DIST += $(SYSTEM_TESTS) $(SYSTEM_LIB)
