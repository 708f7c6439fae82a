# tests/lint: what can be told by looking at the sources and the libraries.

LINT_TESTS = \
	tests/lint/exports.sh \
	tests/lint/style.py \
	tests/lint/text.sh \
	tests/lint/walls.py

TESTS += $(LINT_TESTS)
EXTRA_DIST += $(LINT_TESTS)
QUICK_TESTS = $(UNIT_TESTS) $(LINT_TESTS)
