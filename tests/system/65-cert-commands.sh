#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 65-cert-commands: what the subcommands of the certificate tool promise.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
tool=$build/dicomtls-certtool

# says WORDS COMMAND ...: succeeds, and its output has WORDS.
says() {
	local words=$1
	shift
	"$@" >out
	cat out
	grep -E -- "$words" out >/dev/null || fail "it does not say \"$words\""
}

# state N COMMAND ...: the exit status of check.
state() {
	local want=$1 status=0
	shift
	"$@" >out || status=$?
	cat out
	[ $status -eq "$want" ] || fail "status $status, not $want"
}

# opened PASSWORD: opens the key and the PKCS#12.
opened() {
	openssl pkey -in d/key.pem -passin "pass:$1" -noout
	openssl pkcs12 -in d/cert.p12 -passin "pass:$1" -noout
}

generates() {
	need openssl
	export DICOMTLS_DIR=$C/d
	"$tool" generate --cn "My PACS" --days 400 --key ec:P-384 \
		--san pacs.example.org,DNS:b,IP:10.1.2.3,2001:db8::7
	openssl x509 -in d/cert.pem -noout -subject -ext subjectAltName \
		-checkend $((399 * 86400)) | tee text
	grep 'CN = My PACS' text
	grep 'DNS:pacs.example.org, DNS:b, IP Address:10.1.2.3, IP Addr' text
	grep 'IP Address:2001:DB8:0:0:0:0:0:7$' text
	says 'key  *EC P-384' "$tool" show
	cp d/cert.pem before
	refused "$tool" generate
	cmp before d/cert.pem
	"$tool" generate --force
	cmp before d/cert.pem.bak
	says "subject  *CN=" "$tool" show
	openssl x509 -in d/cert.pem -noout -ext subjectAltName | tee text
	grep "DNS:$(uname -n)" text
	grep 'IP Address:127.0.0.1' text
	openssl x509 -in d/cert.pem -noout -checkhost "$(uname -n)" | grep 'does match'
	# --dir goes before the variable.
	"$tool" generate --dir "$C/other"
	[ -e other/cert.pem ]
}

renews() {
	local key serial
	need openssl
	export DICOMTLS_DIR=$C/d
	"$tool" generate --days 3 --cn x --san a.example.org
	key=$(openssl x509 -in d/cert.pem -noout -pubkey)
	serial=$(openssl x509 -in d/cert.pem -noout -serial)
	"$tool" renew
	[ "$(openssl x509 -in d/cert.pem -noout -pubkey)" = "$key" ]
	[ "$(openssl x509 -in d/cert.pem -noout -serial)" != "$serial" ]
	says 'names  *DNS:a.example.org' "$tool" show
	says '182[0-9] days left' "$tool" show
	[ "$(openssl x509 -in d/cert.pem.bak -noout -serial)" = "$serial" ]
	"$tool" renew --new-key --days 9
	[ "$(openssl x509 -in d/cert.pem -noout -pubkey)" != "$key" ]
	says 'key  *RSA 2048' "$tool" show
	says '[89] days left' "$tool" show
	"$tool" check || [ $? -eq 1 ]
}

passwords() {
	local derived
	need openssl
	export DICOMTLS_DIR=$C/d
	"$tool" generate
	derived=$("$tool" password)
	[[ $derived =~ ^[0-9a-f]{64}$ ]]
	opened "$derived"
	# Nobody else says it: neither show nor check nor a log.
	"$tool" show >out 2>&1
	"$tool" check --json >>out 2>&1
	"$tool" renew >>out 2>&1
	! grep "$derived" out || fail "the password was printed"
	# As the documented formula says.
	need python3
	python3 - "$derived" "$(cat /etc/machine-id)" <<-'END'
		import hashlib, hmac, os, sys
		secret = open("d/host.secret", "rb").read()
		assert len(secret) == 32
		prk = hmac.new(sys.argv[2].encode(), secret, hashlib.sha256).digest()
		info = b"dicomtls 1 key password\0" + str(os.geteuid()).encode()
		out = hmac.new(prk, info + b"\1", hashlib.sha256).hexdigest()
		assert out == sys.argv[1], out
	END
	# A person's own: the key changes its lock, not itself.
	"$tool" show d/cert.pem | grep -v "valid until" >before
	printf 'my own\n' | "$tool" set-password
	opened 'my own'
	says 'opened by  *the stored password' "$tool" show
	"$tool" show d/cert.pem | grep -v "valid until" | diff before -
	state 0 "$tool" check
	! grep -r 'my own' d || fail "it is there in clear"
	printf 'another' >pw
	"$tool" set-password --file pw
	opened another
	# New keys get it too.
	"$tool" generate --force
	opened another
	"$tool" set-password --remove
	opened "$derived"
	says 'opened by  *the password derived' "$tool" show
	[ ! -e d/key.password ]
	refused "$tool" set-password </dev/null
	refused env DICOMTLS_KEY_PASSWORD=x "$tool" set-password --file pw
}

# Thresholds, and what a monitoring program reads.
checks() {
	need openssl python3
	export DICOMTLS_DIR=$C/d
	state 1 "$tool" check
	grep 'no certificate in .* yet' out
	"$tool" generate --days 100
	state 0 "$tool" check
	grep -E '^DICOMTLS OK - .* \| days=(99|100)$' out
	state 1 "$tool" check --warning 101
	grep '^DICOMTLS WARNING - ' out
	state 2 "$tool" check --critical 101
	grep '^DICOMTLS CRITICAL - ' out
	"$tool" renew --days 40
	state 1 "$tool" check
	"$tool" renew --days 5
	state 2 "$tool" check
	"$tool" renew
	state 0 "$tool" check --json
	python3 - <<-'END'
		import json
		r = json.load(open("out"))
		assert r["status"] == "good" and r["code"] == 0, r
		assert 1820 < r["days_left"] < 1830, r
		assert {c["check"] for c in r["checks"]} >= {"pair", "password",
		    "host", "validity", "pkcs12", "permissions"}, r
	END
	# The PKCS#12 of before.
	cp d/cert.p12.bak d/cert.p12
	state 1 "$tool" check
	grep '^warning *pkcs12 .*holds another certificate' out
	"$tool" export --force d/cert.p12
	state 0 "$tool" check
	# Half gone.
	mv d/host.secret s
	state 2 "$tool" check --json
	python3 -c 'import json; r = json.load(open("out")); assert r["code"] == 2'
	grep 'host secret .* is missing' out
	mv s d/host.secret
	echo broken >>d/known_peers
	state 2 "$tool" check
	grep '^critical *peers .*line 1 of' out
	rm d/known_peers
	# Settings that cannot be understood.
	state 3 env DICOMTLS_VERIFY=maybe "$tool" check
	grep '^DICOMTLS UNKNOWN - .*DICOMTLS_VERIFY' out
	state 3 "$tool" check --warning soon
	# Not encrypted: a warning.
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out k 2>/dev/null
	openssl req -x509 -key k -days 90 -subj /CN=x -out c
	chmod 600 k
	state 1 env DICOMTLS_CERT="$C/c" DICOMTLS_KEY="$C/k" "$tool" check
	grep '^warning *password .*is not encrypted' out
}

trusts() {
	local a b
	export DICOMTLS_DIR=$C/d
	a=$(printf 'aa%.0s' {1..32})
	b=$(printf 'BB:%.0s' {1..31})BB
	"$tool" trust list | nothing
	says 'is trusted' "$tool" trust add pacs:104 "$a"
	says 'was trusted already' "$tool" trust add pacs:104 "$a"
	refused "$tool" trust add pacs:104 "$b"
	"$tool" trust add 10.1.2.3 "$b" --remark "the old CT"
	sed -i '1a # kept' d/known_peers
	"$tool" trust list | tee out
	grep -E "^pacs:104 sha256:$a added 20[0-9-]{8}$" out
	grep "^10.1.2.3 sha256:$(printf 'bb%.0s' {1..32}) the old CT$" out
	says 'removed 1 line$' "$tool" trust remove pacs:104
	grep '^# kept$' d/known_peers
	says 'removed 1 line$' "$tool" trust remove "sha256:$(printf 'bb%.0s' {1..32})"
	"$tool" trust list | nothing
	refused "$tool" trust remove pacs:104
	[ "$(stat -c %a d/known_peers)" = 644 ]
	# Eight at once lose nothing.
	for n in 1 2 3 4 5 6 7 8; do
		"$tool" trust add "h$n:1" "$a" >/dev/null &
	done
	wait
	[ "$("$tool" trust list | wc -l)" -eq 8 ]
}

# typed WORD COMMAND ...: at a terminal, WORD at each prompt; what was seen is
# in ./seen.
typed() {
	python3 - "$@" >seen <<-'END'
		import os, pty, sys, termios, time
		word, command = sys.argv[1], sys.argv[2:]
		pid, terminal = pty.fork()
		if pid == 0:
		    os.execvp(command[0], command)
		seen = b""
		while True:
		    try:
		        some = os.read(terminal, 1000)
		    except OSError:
		        break
		    if not some:
		        break
		    seen += some
		    if some.rstrip(b" ").endswith(b":"):
		        # People type when the prompt is there and echo is off.
		        while termios.tcgetattr(terminal)[3] & termios.ECHO:
		            time.sleep(0.01)
		        os.write(terminal, word.encode() + b"\n")
		sys.stdout.write(seen.decode())
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
}

# People may be asked; what they type is not shown.
prompts() {
	need python3 openssl
	export DICOMTLS_DIR=$C/d
	openssl req -x509 -newkey rsa:2048 -passout pass:typed-secret -days 90 \
		-subj /CN=a -keyout a.key -out a.crt 2>/dev/null
	typed typed-secret "$tool" import a.crt a.key || fail "$(cat seen)"
	grep 'Password of a.key:' seen
	! grep typed-secret seen || fail "it was shown"
	state 0 "$tool" check
	typed another-secret "$tool" set-password || fail "$(cat seen)"
	grep 'New password:' seen
	! grep another-secret seen || fail "it was shown"
	opened another-secret
	! typed wrong "$tool" show a.key || fail "a wrong password opened it"
	grep 'the password that was typed does not open the key a.key' seen
	# Without a terminal nobody is asked.
	refused within 10 setsid "$tool" show a.key <&- 2>err
	grep "does not open the key a.key" err
}

# Other kinds of keys than those that are made.
ed25519() {
	need openssl
	export DICOMTLS_DIR=$C/d
	openssl req -x509 -newkey ed25519 -nodes -days 90 -subj /CN=a \
		-keyout a.key -out a.crt 2>/dev/null ||
		skip "this OpenSSL has no Ed25519"
	"$tool" import a.crt a.key
	says 'ED25519' "$tool" show
	"$tool" renew
	state 0 "$tool" check
	"$tool" export --form csr | openssl req -noout -verify
	refused "$tool" renew --new-key
}

# Help comes from the table that is used; the manual knows the same words.
helps() {
	local command word
	"$tool" --help >all
	"$tool" --version | grep "^dicomtls-certtool [0-9]"
	for command in generate show check renew password set-password import \
		export trust; do
		grep "^  $command " all
		"$tool" "$command" --help >out
		grep "^usage: dicomtls-certtool $command" out
		grep "^\.Ss $command$" "$src/man/dicomtls-certtool.1" ||
			fail "the manual lacks $command"
		for word in $(sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' out); do
			sed 's/\\-/-/g' "$src/man/dicomtls-certtool.1" |
				grep -wE -e "Fl -$word" >/dev/null ||
				fail "the manual lacks --$word"
		done
	done
	[ "$(grep -c '^  [a-z]' all)" -eq 9 ] || fail "help lists others"
	refused "$tool" generate --cn
	refused "$tool" --nonsense
}

check "generate" generates
check "renew" renews
check "password and set-password" passwords
check "check" checks
check "trust" trusts
check "passwords typed at a terminal" prompts
check "an Ed25519 key" ed25519
check "help and the manual" helps
finish
