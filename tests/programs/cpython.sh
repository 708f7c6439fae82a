#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cpython: CPython's own tests of sockets, with every port configured.  Each
# test has to end as it does without the library; cpython.known names those
# that do not, and why.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"
mine=$(cd "$(dirname "$0")" && pwd)
python=/usr/bin/python3

# suite WAY MODULE ... (COMMAND in front of it: "${tls[@]}")
suite() {
	local way=$1
	shift
	mkdir "$way"
	cd "$way"
	within 500 "${tls[@]}" "$python" "$mine/suite.py" "../$way.list" \
		"${@/#/test.}" >"../$way.log" 2>&1 </dev/null || true
}

# The differences that cpython.known does not name; says the others.
unknown() {
	local name reason
	{ diff plain.list shim.list || true; } | sed -n 's/^[<>] //p' >differ
	while IFS=$'\t' read -r name reason; do
		if [ "${name#\#}" = "$name" ] && grep -E "$name " differ; then
			echo "  because: $reason"
			sed -i -E "/$name /d" differ
		fi
	done <"$mine/cpython.known"
	nothing <differ
}

# same MINIMUM MODULE ...: at least so many tests, and all as over plain TCP.
same() {
	local least=$1 plain
	shift
	need "$python"
	"$python" -c 'import test.test_socket, test.test_ftplib' 2>/dev/null ||
		skip "the tests of $python are not installed"
	unset DICOMTLS_KEYLOG
	tls=()
	suite plain "$@" &
	plain=$!
	tls_on 1-65535
	(suite shim "$@")
	wait "$plain"
	echo "$(grep -c . plain.list) and $(grep -c . shim.list) tests," \
		"$(grep -c ' ok$' plain.list) good"
	[ "$(grep -c ' ok$' plain.list)" -ge "$least" ] || {
		tail -n 20 plain.log
		fail "too few of them are good without the library"
	}
	unknown
	[ "$(grep -c . plain.list)" -eq "$(grep -c . shim.list)" ]
	grep -q 'from 127.0.0.1.*TLSv1.3' shim.log ||
		fail "no connection was made TLS"
}

check "CPython's test_socket" same 400 test_socket
check "CPython's test_ftplib, test_selectors, test_epoll, test_poll" same 100 \
	test_ftplib test_selectors test_epoll test_poll test_select
check "CPython's servers and clients" same 400 \
	test_socketserver test_httpservers test_poplib test_smtplib \
	test_asyncore test_asynchat test_telnetlib test_imaplib test_xmlrpc \
	test_urllib2_localnet
check "CPython's test_asyncio: streams, servers, sockets" same 200 \
	test_asyncio.test_server test_asyncio.test_streams \
	test_asyncio.test_sendfile test_asyncio.test_sock_lowlevel \
	test_asyncio.test_buffered_proto test_asyncio.test_base_events \
	test_asyncio.test_selector_events test_asyncio.test_unix_events \
	test_asyncio.test_subprocess test_asyncio.test_transports \
	test_asyncio.test_protocols
check "CPython's test_asyncio: events" same 150 test_asyncio.test_events
finish
