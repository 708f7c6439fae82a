# SPDX-License-Identifier: Apache-2.0
# lib: what the system tests share.  Sourced by each NN-topic.sh.
# shellcheck shell=bash
#
# A test is a list of cases.  `check TEXT FUNCTION [ARG ...]` runs one in a
# folder of its own ($C, the working directory) and says "ok" or "not ok" as
# TAP.  The function runs under set -e; whatever it started is ended when it
# returns.  `finish` closes the test.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
src=$(cd "$here/../.." && pwd)
build=${BUILDDIR:-$here/../../build/check}
run=$build/dicomtls
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C
# GnuTLS, OpenSSL and Node get no settings of the caller's.
unset NODE_OPTIONS OPENSSL_CONF SSLKEYLOGFILE http_proxy https_proxy no_proxy
strict=${DICOMTLS_TEST_STRICT:-0}
for name in "${!DICOMTLS_@}"; do
	unset "$name"
done

T=$(mktemp -d "${TMPDIR:-/tmp}/dicomtls-test.XXXXXX")
C=$T
cases=0
failed=0
trap 'release_ports; [ -n "${KEEP:-}" ] || rm -rf "$T"' EXIT
trap 'exit 130' INT TERM HUP

## TAP ------------------------------------------------------------------------

# check TEXT FUNCTION [ARG ...]: one case.
check() {
	local what=$1 status
	shift
	cases=$((cases + 1))
	C=$T/$cases
	mkdir "$C"
	(
		trap end_case EXIT
		cd "$C" || exit 1
		settings
		set -e -o pipefail
		"$@"
	) >"$C.out" 2>&1
	status=$?
	case $status in
	0)
		echo "ok $cases - $what"
		;;
	77)
		skipped "$what"
		;;
	*)
		failed=$((failed + 1))
		echo "not ok $cases - $what"
		tell "$status"
		;;
	esac
	place "$status"
	[ -n "${KEEP:-}" ] || rm -rf "$C" "$C.out"
}

skipped() {
	local why
	why=$(sed -n 's/^skip: //p' "$C.out")
	if [ "$strict" = 1 ]; then
		failed=$((failed + 1))
		echo "not ok $cases - $1 (may not be skipped: $why)"
	else
		echo "ok $cases - $1 # SKIP $why"
	fi
}

# What a person needs to understand a failure.
tell() {
	local f
	echo "# it ended with status $1; it said:"
	tail -n 60 "$C.out" | sed 's/^/#   /'
	for f in "$C"/*.log; do
		[ -s "$f" ] || continue
		case $f in */keys.log) continue ;; esac
		echo "# the end of ${f##*/}:"
		tail -n 15 "$f" | cut -c1-300 | sed 's/^/#   /'
	done
}

finish() {
	echo "1..$cases"
	[ "$failed" -eq 0 ]
	exit
}

# need PROGRAM ...: without them the case is skipped (a failure when strict).
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || [ -e "$program" ] ||
			skip "$program is not installed"
	done
}

skip() {
	echo "skip: $*"
	exit 77
}

# fail TEXT: ends the case.
fail() {
	echo "$*" >&2
	exit 1
}

# nothing: fails if anything comes in, and shows it.
nothing() {
	if grep . >&2; then
		fail "there should be nothing"
	fi
}

# pairing SERVER CLIENT: the case stands in that field of the matrix which is
# printed at the end.
pairing() {
	echo "pairing $1|$2"
}

place() {
	local result=FAIL
	case $1 in
	0) result=ok ;;
	77) result=skip ;;
	esac
	sed -n "s/^pairing \\(.*\\)/# matrix \\1|$result/p" "$C.out"
}

## The shim's settings ----------------------------------------------------------

# Each case gets its own log and secrets, and one certificate per test.
settings() {
	export DICOMTLS_DIR=$T/identity
	export DICOMTLS_LOG=$C/shim.log DICOMTLS_LOG_LEVEL=info
	export DICOMTLS_KEYLOG=$C/keys.log
}

# tls_on PORT[,PORT]: from now on "${tls[@]}" in front of a command runs it
# under the shim with these ports configured for both roles.
tls_on() {
	# shellcheck disable=SC2034 # for the tests
	tls=("$run" run -c "$1" -l "$1" --)
}

## Ports ------------------------------------------------------------------------

ports=${TMPDIR:-/tmp}/dicomtls-ports.$(id -u)

# port VARIABLE ...: each gets a TCP port that nobody uses, from below the
# range that the kernel takes clients' ports from, kept until the test ends.
port() {
	local variable number
	mkdir -p "$ports" "$T/ports"
	for variable; do
		while :; do
			number=$((10000 + RANDOM % 20000))
			take_port "$number" && break
		done
		printf -v "$variable" %d "$number"
	done
}

take_port() {
	local owner
	if owner=$(cat "$ports/$1" 2>/dev/null); then
		kill -0 "${owner:-0}" 2>/dev/null && return 1
		rm -f "$ports/$1"
	fi
	(set -C && echo $$ >"$ports/$1") 2>/dev/null || return 1
	: >"$T/ports/$1"
	! in_use "$1"
}

release_ports() {
	local f
	for f in "$T"/ports/*; do
		[ -e "$f" ] && rm -f "$ports/${f##*/}" "$f"
	done
}

# Whether any socket has this local port.
in_use() {
	sockets | grep ":$(printf %04X "$1") [0-9A-F]*:[0-9A-F]* " >/dev/null
}

sockets() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | sed 's/^ *[0-9]*: [0-9A-F]*//'
}

# wait_listen PORT [NAME]: until somebody listens there, without connecting
# (a connection would be a client that the server counts).
wait_listen() {
	local tries hex
	hex=$(printf %04X "$1")
	for ((tries = 0; tries < 300; tries++)); do
		if sockets | grep "^:$hex [0-9A-F]*:0000 0A" >/dev/null; then
			return 0
		fi
		[ $# -lt 2 ] || alive "$2" || fail "$2 ended before it listened"
		sleep 0.05
	done
	fail "nobody listens on port $1"
}

## Processes ----------------------------------------------------------------------

# start NAME COMMAND ...: in the background, output in NAME.log.  The command
# must be a program (or end in exec), for `stop NAME` to find it.
start() {
	local name=$1
	shift
	"$@" >"$C/$name.log" 2>&1 </dev/null &
	echo $! >"$C/$name.pid"
}

pid() {
	cat "$C/$1.pid"
}

alive() {
	kill -0 "$(pid "$1")" 2>/dev/null
}

# serve NAME PORT COMMAND ...: starts a server and waits until it listens.
serve() {
	local name=$1 number=$2
	shift 2
	start "$name" "$@"
	wait_listen "$number" "$name"
}

# stop NAME [SIGNAL]: ends it; a failure if it has to be killed.
stop() {
	local pid
	pid=$(pid "$1")
	kill "-${2:-TERM}" "$pid" 2>/dev/null || true
	if ! gone "$pid"; then
		kill -KILL "$pid"
		rm -f "$C/$1.pid"
		fail "$1 did not end by itself"
	fi
	rm -f "$C/$1.pid"
}

# ended NAME: waits until it ends by itself; its status is the result.
ended() {
	local pid
	pid=$(pid "$1")
	gone "$pid" || fail "$1 did not end"
	rm -f "$C/$1.pid"
	wait "$pid"
}

# Whether a process ended within ten seconds.
gone() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}

end_case() {
	local f
	for f in "$C"/*.pid; do
		[ -e "$f" ] || continue
		f=${f##*/}
		kill -CONT "$(pid "${f%.pid}")" 2>/dev/null || true
		stop "${f%.pid}" || true
	done
}

# for_everybody: $run is a copy that every user may read and run, wherever the
# build folder is.
for_everybody() {
	mkdir -p "$T/all/.libs"
	cp "$build"/.libs/libdicomtls*.so "$T/all/.libs"
	cp "$build/dicomtls" "$build/libdicomtls.la" "$T/all"
	chmod 755 "$T" "$T/all" "$T/all/.libs"
	run=$T/all/dicomtls
}

# within SECONDS COMMAND ...: 124 when it takes longer.
within() {
	timeout -k 5 "$@"
}

# logged WORDS: the shim's log has them.
logged() {
	grep -qiE -- "$1" "$C/shim.log" || fail "the log does not say: $1"
}

# quiet PORT: every connection there has ended (none established or waiting
# for a close) within five seconds.
quiet() {
	local tries hex
	hex=$(printf %04X "$1")
	for ((tries = 0; tries < 100; tries++)); do
		sockets | awk -v p=":$hex" '
			($1 == p || substr($2, length($2) - 4) == p) &&
			$3 !~ /^0[67A]$/ { exit 1 }' && return 0
		sleep 0.05
	done
	sockets | grep ":$hex " | cut -c1-40
	fail "connections on port $1 are still there"
}

# refused COMMAND ...: it has to fail, by itself and not by a signal.
refused() {
	local status=0
	"$@" || status=$?
	[ $status -ne 0 ] || fail "it succeeded: $*"
	[ $status -lt 124 ] || fail "it ended with $status: $*"
}

## Captures ------------------------------------------------------------------------

# capture PORT ...: records these ports on loopback into c.pcapng.
capture() {
	local filter p
	need dumpcap python3
	[ -n "${marker:-}" ] || port marker
	filter="udp port $marker"
	for p; do
		filter+=" or tcp port $p"
	done
	rm -f "$C/c.pcapng" "$C/dumpcap.log"
	start dumpcap dumpcap -q -i lo -B "${buffer:-64}" -f "$filter" -w "$C/c.pcapng"
	# It names its file when the interface is open and filtered.
	until grep -q '^File: ' "$C/dumpcap.log" 2>/dev/null; do
		alive dumpcap || skip "dumpcap may not record on loopback"
		sleep 0.02
	done
	captured=$*
}

# The kernel hands packets over in blocks: what was sent before the end is in
# the file for sure only when a later packet is.
capture_end() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		if ((tries % 20 == 0)); then
			echo end-of-capture >"/dev/udp/127.0.0.1/$marker"
		fi
		sleep 0.05
		grep -qa end-of-capture "$C/c.pcapng" && break
	done
	((tries < 200)) || fail "the capture never came to its end"
	stop dumpcap INT
}

# wire [OPTION ...]: ends the capture and checks it, see wire.py --help.
wire() {
	[ ! -e "$C/dumpcap.pid" ] || capture_end
	python3 "$here/wire.py" --port "${captured// /,}" \
		--absent STORESCU --absent ECHOSCU --absent ANY-SCP \
		--absent "$PATIENT" --absent "$ROOT" "$@" "$C/c.pcapng"
}

# dialogue [FILE [PORT]]: the DICOM messages in it, decrypted with the
# secrets: PDUs, application entities, commands and their status.
# shellcheck disable=SC2120 # some callers want the defaults
dialogue() {
	local file=${1:-$C/c.pcapng} p=${2:-${captured%% *}}
	need tshark
	[ -e "$T/any.pem" ] || openssl genrsa -out "$T/any.pem" 2048 2>/dev/null
	# Two cores may record two packets in the wrong order.
	tshark -r "$file" -o "tls.keylog_file:$C/keys.log" \
		-o tcp.reassemble_out_of_order:TRUE \
		-o "uat:ssl_keys:\"any\",\"$p\",\"dicom\",\"$T/any.pem\",\"\"" \
		-Y dicom -O dicom -V 2>/dev/null | "$here/messages"
}

# spoke WORD ...: these stand in the decrypted dialogue, in this order.
spoke() {
	local word rest
	rest=$(dialogue | tr '\n' ' ')
	echo "dialogue: ${rest:0:900}"
	for word; do
		case $rest in
		*"$word"*) rest=${rest#*"$word"} ;;
		*) fail "the decrypted dialogue lacks $word" ;;
		esac
	done
}

## Images ---------------------------------------------------------------------------

PATIENT=SYNTHETIC^PERSON
ROOT=2.25.7261

# image FILE [ROWS [NUMBER]]: a synthetic CT of ROWS × ROWS pixels of 16 bits.
image() {
	local file=$1 rows=${2:-64} number=${3:-1}
	head -c $((rows * rows * 2)) /dev/urandom >"$file.raw"
	cat >"$file.dump" <<-END
		(0008,0016) UI 1.2.840.10008.5.1.4.1.1.2
		(0008,0018) UI $ROOT.1.1.$number
		(0008,0020) DA 20200101
		(0008,0030) TM 120000
		(0008,0050) SH A1
		(0008,0060) CS CT
		(0010,0010) PN $PATIENT
		(0010,0020) LO SYN-1
		(0010,0030) DA 19700101
		(0010,0040) CS O
		(0020,000d) UI $ROOT.1
		(0020,000e) UI $ROOT.1.1
		(0020,0010) SH S1
		(0020,0011) IS 1
		(0020,0013) IS $number
		(0028,0002) US 1
		(0028,0004) CS MONOCHROME2
		(0028,0010) US $rows
		(0028,0011) US $rows
		(0028,0100) US 16
		(0028,0101) US 16
		(0028,0102) US 15
		(0028,0103) US 0
		(7fe0,0010) OW =$file.raw
	END
	dump2dcm -q +te "$file.dump" "$file"
	rm -f "$file.raw" "$file.dump"
}

# series FOLDER COUNT ROWS: so many CTs, numbered from 1001.
series() {
	local n
	mkdir -p "$1"
	image "$1/1001" "$3" 1001
	for ((n = 1002; n <= 1000 + $2; n++)); do
		sed "s/$ROOT\.1\.1\.1001/$ROOT.1.1.$n/g" "$1/1001" >"$1/$n"
	done
}

# blob FILE BYTES [NUMBER]: secondary capture with that much pixel data.
blob() {
	local file=$1 bytes=$2 number=${3:-1}
	head -c "$bytes" /dev/urandom >"$file.raw"
	cat >"$file.dump" <<-END
		(0008,0016) UI 1.2.840.10008.5.1.4.1.1.7
		(0008,0018) UI $ROOT.2.1.$number
		(0010,0010) PN $PATIENT
		(0010,0020) LO SYN-1
		(0020,000d) UI $ROOT.2
		(0020,000e) UI $ROOT.2.1
		(0028,0010) US 1
		(0028,0011) US 1
		(0028,0100) US 8
		(0028,0101) US 8
		(0028,0102) US 7
		(0028,0103) US 0
		(7fe0,0010) OB =$file.raw
	END
	dump2dcm -q +te "$file.dump" "$file"
	rm -f "$file.raw" "$file.dump"
}

# same_images SENT-FOLDER GOT-FOLDER: as many, and the data sets identical.
same_images() {
	need python3
	python3 "$here/images.py" "$1" "$2"
}

# native_identity: a certificate and key for programs' own TLS.
native_identity() {
	[ -e "$T/native.key" ] && return
	openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 30 \
		-subj /CN=native -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$T/native.key" -out "$T/native.crt" 2>/dev/null
}
