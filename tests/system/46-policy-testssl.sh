#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 46-policy-testssl: testssl.sh looks for renegotiation, compression, export
# and anonymous suites, downgrades, ROBOT, Heartbleed, CCS injection and the
# rest on our server side.  It may find nothing above "low" but that the
# certificate is our own.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

program() {
	command -v testssl || command -v testssl.sh ||
		skip "testssl.sh is not installed"
}

# look PROFILE: the report is NAME.txt and NAME.json.
look() {
	local port_of=$2
	within 500 "$testssl" --quiet --color 0 --warnings off \
		--jsonfile "$1.json" --logfile "$1.txt" --ip one \
		"127.0.0.1:$port_of" >"$1.out" 2>&1 || true
}

# What it says for every certificate that is signed by itself.
own_certificate='cert_chain_of_trust|cert_validityPeriod|cert_revocation|cert_trust|cert_commonName'

judge() {
	need python3
	python3 - "$1.json" "$own_certificate" <<-'END'
		import json, re, sys
		seen = json.load(open(sys.argv[1]))
		ids = {x["id"] for x in seen}
		wanted = {"heartbleed", "CCS", "ROBOT", "secure_client_renego",
		          "CRIME_TLS", "fallback_SCSV", "SWEET32", "FREAK",
		          "cipherlist_aNULL", "cipherlist_EXPORT",
		          "cipherlist_NULL", "SSLv2", "SSLv3", "TLS1", "TLS1_1"}
		if wanted - ids:
		    sys.exit("it did not look at %s" % (wanted - ids))
		bad = [x for x in seen
		       if x["severity"] in ("MEDIUM", "HIGH", "CRITICAL", "FATAL")
		       and not re.match(sys.argv[2], x["id"])]
		for x in bad:
		    print(x["severity"], x["id"], x["finding"])
		good = {x["id"]: x["finding"] for x in seen}
		for version in "TLS1", "TLS1_1":
		    assert "not offered" in good[version], good[version]
		assert "offered" in good["TLS1_3"] and \
		    "not" not in good["TLS1_3"], good["TLS1_3"]
		sys.exit(bool(bad))
	END
}

# Both at once: each takes a minute and a half, most of it waiting.
both() {
	local profile
	need storescp
	testssl=$(program)
	unset DICOMTLS_KEYLOG
	port P Q
	serve one "$P" "$run" run -l "$P" -p bcp195 -- storescp --fork "$P"
	serve two "$Q" "$run" run -l "$Q" -p bcp195-modified -- \
		storescp --fork "$Q"
	look bcp195 "$P" &
	look bcp195-modified "$Q"
	wait $!
	within 20 "$run" run -c "$P" -- echoscu 127.0.0.1 "$P"
	stop one
	stop two
	for profile in bcp195 bcp195-modified; do
		cp "$profile.txt" "$reports/testssl-$profile.txt"
		judge "$profile" || fail "$profile: see the report"
	done
}

# A weak server must be found weak, or the tool proves nothing.
weak() {
	need openssl
	testssl=$(program)
	openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=x \
		-days 9 2>/dev/null
	port P
	serve weak "$P" openssl s_server -accept "$P" -cert c -key k -quiet \
		-cipher 'ALL:eNULL:@SECLEVEL=0' -www -legacy_renegotiation
	within 200 "$testssl" --quiet --color 0 --warnings off \
		--jsonfile weak.json --ip one -p -s "127.0.0.1:$P" \
		>weak.out 2>&1 || true
	stop weak
	grep -qE '"severity" *: *"(HIGH|CRITICAL)"' weak.json
	grep -A4 '"cipherlist_NULL"' weak.json | grep -qE 'HIGH|CRITICAL'
}

reports=$build/tests/system
mkdir -p "$reports"
check "bcp195 and bcp195-modified: nothing above low" both
check "a weak server is found weak" weak
finish
