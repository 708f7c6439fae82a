#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 62-cert-bad: for each bad file one sentence, exit status 1, and no crash.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
tool=$build/dicomtls-certtool
# A sanitizer's report must not look like an error that we expect.
export ASAN_OPTIONS=exitcode=99:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=halt_on_error=1:exitcode=99

# sentence WORDS COMMAND ...: exit status 1 and one line that says WORDS.
sentence() {
	local words=$1 status=0
	shift
	timeout 20 "$@" </dev/null >out 2>err || status=$?
	cat err
	[ $status -eq 1 ] || fail "status $status: $*"
	[ "$(wc -l <err)" -eq 1 ] || fail "not one line: $*"
	grep -q '^dicomtls-certtool: ' err
	grep -qiE -- "$words" err || fail "it does not say \"$words\""
	[ "$(wc -c <err)" -lt 700 ] || fail "no sentence is that long"
	! grep 'error:[0-9A-F]\{8\}' err || fail "OpenSSL's raw error"
}

# The same when the file is what the settings name: critical.
critical() {
	local words=$1 status=0
	shift
	env "$@" "$tool" check >out 2>err || status=$?
	cat out err
	[ $status -eq 2 ] || fail "status $status"
	grep -qiE "^critical .*($words)" out || fail "it does not say $words"
}

# good: a.crt, a.key (encrypted by ./pw), a.p12 to spoil.
good() {
	need openssl
	umask 077
	echo secret >pw
	openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 90 -subj /CN=a \
		-keyout plain.key -out a.crt 2>/dev/null
	openssl pkcs8 -topk8 -in plain.key -passout file:pw -out a.key
	openssl pkcs12 -export -in a.crt -inkey plain.key -passout file:pw \
		-out a.p12
}

# spoilt FILE NAME: makes ./NAME of FILE by what the name says.
spoil() {
	case $2 in
	empty*) : >"$2" ;;
	half*) head -c $(($(stat -c %s "$1") / 2)) "$1" >"$2" ;;
	short*) head -c 40 "$1" >"$2" ;;
	last*) head -c -30 "$1" >"$2" ;;
	noise*) head -c 3000 /dev/urandom >"$2" ;;
	bits*) python3 - "$1" "$2" <<-'END'
		import sys
		data = bytearray(open(sys.argv[1], "rb").read())
		for at in range(60, len(data) - 60, 97):
		    data[at] ^= 0x15
		open(sys.argv[2], "wb").write(data)
		END
		;;
	zeros*) head -c 3000 /dev/zero >"$2" ;;
	text*) echo "this is a certificate" >"$2" ;;
	large*) head -c 10485760 /dev/zero >"$2" ;;
	fifo*) mkfifo "$2" ;;
	folder*) mkdir "$2" ;;
	missing*) ;;
	socket*) python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$2" ;;
	device*) ln -s /dev/zero "$2" ;;
	esac
}

certs() {
	good
	export DICOMTLS_DIR=$C/d
	spoil a.crt "$1.crt"
	sentence "$2" "$tool" show "$1.crt"
	sentence "$2" "$tool" import "$1.crt" plain.key
	[ ! -e d/cert.pem ] || fail "it was imported"
	critical "$2" "DICOMTLS_CERT=$C/$1.crt" "DICOMTLS_KEY=$C/plain.key"
}

keys() {
	good
	export DICOMTLS_DIR=$C/d
	spoil a.key "$1.key"
	sentence "$2" "$tool" import --password-file pw a.crt "$1.key"
	[ ! -e d/cert.pem ] || fail "it was imported"
	critical "$2" "DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/$1.key" \
		"DICOMTLS_KEY_PASSWORD_FILE=$C/pw"
}

p12s() {
	good
	export DICOMTLS_DIR=$C/d
	spoil a.p12 "$1.p12"
	sentence "$2" "$tool" import --password-file pw "$1.p12"
	[ ! -e d/cert.pem ] || fail "it was imported"
	critical "$2" "DICOMTLS_CERT=$C/$1.p12" \
		"DICOMTLS_KEY_PASSWORD_FILE=$C/pw"
}

# What every kind of file may be instead.
kinds="
empty is empty
zeros neither|no private key|damaged
large 10485760 bytes, more than
fifo is a FIFO, not a file
folder is a folder, not a file
socket is missing|cannot be opened|is a socket
device is a device, not a file
missing is missing
"

swapped() {
	good
	export DICOMTLS_DIR=$C/d
	critical "no certificate but a private key: are certificate and key swapped" \
		"DICOMTLS_CERT=$C/plain.key" "DICOMTLS_KEY=$C/a.crt"
	critical "certificate but no private key: are certificate and key swapped" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/a.crt"
}

other_pair() {
	good
	export DICOMTLS_DIR=$C/d
	openssl genrsa -out other.key 2048 2>/dev/null
	sentence "fits none of the certificates" "$tool" import a.crt other.key
	critical "does not belong to the certificate" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/other.key"
	sentence "second private key" "$tool" import a.crt plain.key other.key
	sentence "no private key is among the files" "$tool" import a.crt
	sentence "no certificate is among the files" "$tool" import plain.key
}

passwords() {
	good
	export DICOMTLS_DIR=$C/d
	echo wrong >wrong
	sentence "does not open the key" \
		"$tool" import --password-file wrong a.crt a.key
	sentence "does not open the PKCS#12" \
		"$tool" import --password-file wrong a.p12
	sentence "key a.key needs a password, and the host secret .* is missing" \
		"$tool" import a.crt a.key
	sentence "needs a password, and the host secret .* is missing" \
		"$tool" show a.p12
	sentence "password file nowhere is missing" \
		"$tool" import --password-file nowhere a.p12
	: >none
	sentence "is empty" "$tool" import --password-file none a.p12
	critical "the password file's password does not open" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/a.key" \
		"DICOMTLS_KEY_PASSWORD_FILE=$C/wrong"
	critical "the password of DICOMTLS_KEY_PASSWORD does not open" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/a.key" \
		DICOMTLS_KEY_PASSWORD=wrong
	"$tool" generate
	sentence "does not open the key" "$tool" import --force a.crt a.key
	critical "the password derived from this host does not open" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/a.key"
}

# ended | early: OpenSSL's ca sets both ends of the validity.
dated() {
	good
	mkdir ca
	: >ca/index
	echo 01 >ca/serial
	printf '%s\n' '[ca]' default_ca=a '[a]' database=ca/index \
		serial=ca/serial new_certs_dir=ca default_md=sha256 policy=p \
		'[p]' commonName=supplied >cnf
	openssl req -new -key plain.key -subj /CN=a -out a.csr
	openssl ca -config cnf -batch -selfsign -keyfile plain.key -in a.csr \
		-startdate "$1" -enddate "$2" -notext -out dated.crt 2>/dev/null
	export DICOMTLS_DIR=$C/d
	sentence "$3" "$tool" import dated.crt plain.key
	critical "$4" "DICOMTLS_CERT=$C/dated.crt" \
		"DICOMTLS_KEY=$C/plain.key"
	"$tool" import --force dated.crt plain.key
	"$tool" show | grep 'subject *CN=a'
}

weak_key() {
	need openssl
	openssl req -x509 -newkey "rsa:$1" -nodes -sha256 -days 90 -subj /CN=a \
		-keyout a.key -out a.crt 2>/dev/null
	export DICOMTLS_DIR=$C/d
	sentence "has an RSA key of $1 bits, and 2048 is the least" \
		"$tool" import a.crt a.key
	critical "has an RSA key of $1 bits, and 2048 is the least" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/a.key"
	"$tool" show a.crt | grep "RSA $1"
}

md5() {
	need openssl
	openssl req -x509 -newkey rsa:2048 -nodes -md5 -days 90 -subj /CN=a \
		-keyout a.key -out a.crt 2>/dev/null
	export DICOMTLS_DIR=$C/d
	sentence "is signed with md5" "$tool" import a.crt a.key
	critical "is signed with md5" \
		"DICOMTLS_CERT=$C/a.crt" "DICOMTLS_KEY=$C/a.key"
}

small_curve() {
	need openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp160r1 \
		-nodes -days 90 -subj /CN=a -keyout a.key -out a.crt 2>/dev/null ||
		skip "this OpenSSL has no small curve"
	export DICOMTLS_DIR=$C/d
	sentence "has an EC key of [0-9]+ bits, and (224|256) is the least" \
		"$tool" import a.crt a.key
}

# A curve's object identifier that nobody knows.
unknown_curve() {
	need openssl python3
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 90 -subj /CN=a -keyout a.key -out a.crt 2>/dev/null
	openssl x509 -in a.crt -outform der >a.der
	openssl pkcs8 -topk8 -nocrypt -in a.key -outform der >k.der
	python3 - a.der k.der <<-'END'
		import sys
		for name in sys.argv[1:]:
		    data = open(name, "rb").read()
		    p256 = bytes.fromhex("06082a8648ce3d030107")
		    assert p256 in data
		    data = data.replace(p256, bytes.fromhex("06082a8648ce3d03017f"))
		    open(name, "wb").write(data)
	END
	export DICOMTLS_DIR=$C/d
	"$tool" show a.der | grep 'key *unknown'
	sentence "no private key that can be read" "$tool" import a.der k.der
	sentence "fits none" "$tool" import a.der a.key
	critical "no private key that can be read" \
		"DICOMTLS_CERT=$C/a.der" "DICOMTLS_KEY=$C/k.der"
}

words() {
	local status
	export DICOMTLS_DIR=$C/d
	sentence "no key \"rsa:512\" can be made" "$tool" generate --key rsa:512
	sentence "accepted are whole numbers" "$tool" generate --days 0
	sentence "accepted are whole numbers" "$tool" generate --days 5x
	sentence "is no DNS name" "$tool" generate --san 'a,-b'
	sentence "is no DNS name" "$tool" generate --san '1.2.3.4/8'
	sentence "accepted are 1 to 64" "$tool" generate --cn ""
	sentence "no peer" "$tool" show --peer ':104'
	sentence "no peer" "$tool" trust add 'a b' "$(printf %064d 0)"
	sentence "is missing" "$tool" trust add h:1 abc
	sentence "has no line" "$tool" trust remove h:1
	sentence "no certificate in .* yet" "$tool" show
	sentence "host secret .* is missing" "$tool" password
	sentence "is missing" "$tool" renew
	sentence "is missing" "$tool" export
	sentence "is not understood: accepted" "$tool" export --form gif x
	sentence "DICOMTLS_PROFILE" env DICOMTLS_PROFILE=nonsense "$tool" show
	sentence "unset them" env DICOMTLS_CERT=/x "$tool" generate
	for status in "" nonsense "generate --nonsense" "generate word" \
		"import" "trust" "trust add" "trust list x" "check --json=1"; do
		echo "usage: $status"
		code=0
		# shellcheck disable=SC2086 # several words
		"$tool" $status >out 2>err || code=$?
		[ $code -eq 2 ] || fail "status $code"
		[ -s err ] || fail "nothing was said"
	done
	[ ! -e d/cert.pem ]
}

for row in \
	"half damaged or cut off" "short damaged or cut off" \
	"last damaged or cut off" "noise neither PEM, DER" \
	"bits damaged or cut off|fits none|does not belong" \
	"text neither PEM, DER"; do
	check "certificate: ${row%% *}" certs "${row%% *}" "${row#* }"
done
for row in \
	"half no private key that can" "short no private key that can" \
	"last no private key that can" "noise neither PEM|no private key" \
	"bits does not open|no private key that can" \
	"text neither PEM|no private key"; do
	check "key: ${row%% *}" keys "${row%% *}" "${row#* }"
done
for row in \
	"half damaged or cut off" "short damaged or cut off" \
	"last damaged or cut off" "noise neither PEM, DER" \
	"bits damaged or cut off|does not open"; do
	check "PKCS#12: ${row%% *}" p12s "${row%% *}" "${row#* }"
done
while read -r kind text; do
	[ -n "$kind" ] || continue
	check "certificate: $kind" certs "$kind" "$text"
	check "key: $kind" keys "$kind" "$text"
	check "PKCS#12: $kind" p12s "$kind" "$text"
done <<<"$kinds"
check "certificate and key swapped" swapped
check "a key of another certificate" other_pair
check "wrong passwords, and none" passwords
check "an expired certificate" dated 20200101000000Z 20210101000000Z \
	"ended on 2021-01-01" "ended on 2021-01-01"
check "a certificate of the future" dated 20400101000000Z 20500101000000Z \
	"not valid before 2040-01-01" "not valid before 2040-01-01"
check "an RSA key of 512 bits" weak_key 512
check "an RSA key of 1024 bits" weak_key 1024
check "an MD5 signature" md5
check "a curve that is too small" small_curve
check "a curve that nobody knows" unknown_curve
check "words that are not understood" words
finish
