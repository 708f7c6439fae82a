# bench: what it costs, against what it costs elsewhere.  Not installed.

bench_tools = bench/calls bench/pdus bench/records bench/relay
EXTRA_PROGRAMS = $(bench_tools)
CLEANFILES += $(bench_tools)

bench_calls_SOURCES = bench/calls.c
bench_pdus_SOURCES = bench/pdus.c
bench_records_SOURCES = bench/records.c
bench_records_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
bench_records_LDADD = $(OPENSSL_LIBS)
bench_relay_SOURCES = bench/relay.c

# BENCHFLAGS=--quick for a look.
bench: all $(bench_tools)
	$(srcdir)/bench/run --build '$(abs_top_builddir)' \
		--output '$(abs_top_builddir)/bench' $(BENCHFLAGS)

.PHONY: bench

EXTRA_DIST += bench/README bench/run bench/chart.py bench/loads.py bench/measure.py \
	bench/micro.py bench/peers.py bench/report.py bench/whither.py \
	bench/results.md bench/results.svg
