#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 91-capture: dicomtls capture, which runs a program and records it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

INSTANCE=$ROOT.1.1.1

# captured STATUS [OPTION ...] -- PROGRAM ...: what it says is in err.
captured() {
	local wanted=$1 status=0
	shift
	within 60 "$run" capture -c "$P" -l "$P" "$@" >out 2>err || status=$?
	[ "$status" -eq "$wanted" ] ||
		fail "it ended with $status, not $wanted: $(cat out err)"
}

# says WORDS: in its errors.
says() {
	grep -qE -- "$1" err || fail "it does not say: $1 ($(cat err))"
}

# left FILE ...: these and nothing else are in this folder; hidden ones count.
left() {
	diff <([ $# -eq 0 ] || printf '%s\n' "$@" | sort) <(ls -A work | sort) ||
		fail "other files are left behind"
}

# until_true COMMAND ...: within twenty seconds.
until_true() {
	local tries
	for ((tries = 0; tries < 400; tries++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	fail "it did not come to: $*"
}

# The options that it prints for tshark, one a line.
printed() {
	sed -n 's/^    tshark -r [^ ]* *//p' err >printed
	[ -s printed ] || fail "it does not print how to open the file"
	eval "printf '%s\n' $(cat printed)"
}

server() {
	need dumpcap editcap tshark
	port P
	tls_on "$P"
	mkdir got work
	serve server "$P" "${tls[@]}" storescp -od got "$P"
}

# exported FILE: the images that come out of it, by the printed options.
exported() {
	local options
	eval "$(sed -n 's/^    \(openssl .*\)$/\1/p' err)" 2>/dev/null
	mapfile -t options < <(printed | sed '/^-Y$/,$d')
	mkdir objects
	tshark -q -r "$1" "${options[@]}" --export-objects dicom,objects \
		>/dev/null 2>&1
}

under_client() {
	server
	mkdir sent
	image sent/ct 64
	captured 0 -w work/c.pcapng storescu 127.0.0.1 "$P" sent/ct
	same_images sent got
	exported work/c.pcapng
	same_images sent objects
	says 'WARNING: work/c.pcapng holds patient data'
	left c.pcapng c.svg
	[ "$(stat -c %a work/c.pcapng work/c.svg | sort -u)" = 600 ]
	# Several programs read it, and the checker of all tests.
	capinfos work/c.pcapng >/dev/null
	python3 "$here/wire.py" --port "$P" --streams 1 --version TLSv1.3 \
		--absent STORESCU --absent "$PATIENT" work/c.pcapng
}

# start_capture [OPTION ...] -- PROGRAM ...: under the name of "capture".
start_capture() {
	need dumpcap editcap tshark
	start capture "$run" capture -c "$P" -l "$P" "$@"
	wait_listen "$P" capture
}

# end_capture STATUS [SIGNAL]
end_capture() {
	local status=0
	[ -z "${2:-}" ] || kill "-$2" "$(pid capture)"
	ended capture || status=$?
	cp capture.log err
	[ "$status" -eq "$1" ] || fail "it ended with $status: $(cat err)"
}

under_server() {
	need dumpcap editcap tshark
	port P
	tls_on "$P"
	mkdir sent got work
	image sent/ct 300
	start_capture -w work/c.pcapng storescp -od got "$P"
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/ct
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	end_capture 143 TERM
	says 'connection 2: 127.0.0.1:'
	says '<--  DICOM C-ECHO-RSP 1, Success'
	same_images sent got
	exported work/c.pcapng
	same_images sent objects
	left c.pcapng c.svg
}

# Ctrl-C is for the whole foreground group; nothing of it may be lost.
ctrl_c() {
	need python3
	port P
	tls_on "$P"
	mkdir sent got work
	image sent/ct 64
	start terminal python3 "$here/terminal.py" 0.5 '^C' 'Association Release' \
		"$run" capture -l "$P" -w work/c.pcapng storescp -v -od got "$P"
	wait_listen "$P" terminal
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/ct
	ended terminal && fail "Ctrl-C did not end it by its signal"
	tr -d '\r' <terminal.log >err
	says '<--  DICOM C-STORE-RSP 1, Success'
	same_images sent got
	exported work/c.pcapng
	same_images sent objects
	left c.pcapng c.svg
}

progress() {
	need dumpcap editcap tshark python3
	port P
	mkdir work
	python3 "$here/terminal.py" 0 '' '' "$run" capture -c "$P" \
		-w work/c.pcapng -- sleep 8 >err
	says 'dicomtls: 0 packets, [0-9]* kB'
	captured 0 --force -w work/c.pcapng -- sleep 7
	! grep ' kB' err || fail "progress although nobody looks"
	says 'There was no connection'
}

statuses() {
	need dumpcap editcap tshark
	port P
	mkdir work
	captured 7 -w work/a.pcapng -- sh -c 'exit 7'
	captured 143 -w work/b.pcapng -- sh -c 'kill -TERM $$'
	captured 0 -w work/c.pcapng -- printf '%s|' 'a b' '' '*'
	[ "$(cat out)" = 'a b||*|' ]
	left {a,b,c}.{pcapng,svg}
	# The default name, in the folder where it is run.
	(cd work && captured 0 -- true)
	ls work/dicomtls-true-[0-9]*-[0-9]*.pcapng work/dicomtls-true-*.svg
}

# What a signal means is the program's business, as under run.
handles_signals() {
	need dumpcap editcap tshark
	port P
	mkdir work
	# shellcheck disable=SC2016 # for the inner shell
	start capture "$run" capture -c "$P" -w work/c.pcapng -- bash -c \
		'trap "echo HUP" HUP; trap "exit 9" TERM; echo ready
		while :; do sleep 0.1; done'
	until_true grep ready capture.log
	kill -HUP "$(pid capture)"
	until_true grep '^HUP' capture.log
	end_capture 9 TERM
	left c.pcapng c.svg
}

# Ctrl-C comes once, not by us as well.
one_interrupt() {
	need dumpcap editcap tshark python3
	port P
	mkdir work
	python3 "$here/terminal.py" 0.5 '^C' ready "$run" capture -c "$P" \
		-w work/c.pcapng -- python3 -c '
import signal, time
signal.signal(signal.SIGINT, lambda *_: print("INT", flush=True))
print("ready", flush=True)
end = time.monotonic() + 3
while time.monotonic() < end:
    time.sleep(0.1)' >err
	[ "$(grep -cE '^(\^C)?INT' err)" -eq 1 ] || fail "not one INT: $(cat err)"
}

# A program that goes on is recorded to its end.
after_interrupt() {
	need python3
	server
	python3 "$here/terminal.py" 0.5 '^C' ready "$run" capture -c "$P" \
		-w work/c.pcapng -- bash -c "trap 'echo INT' INT; echo ready
		sleep 3; sleep 1; echoscu 127.0.0.1 $P" >err
	says INT
	says 'DICOM C-ECHO-RSP 1, Success'
}

background() {
	port P
	tls_on "$P"
	mkdir sent got work
	image sent/ct 64
	start_capture -w work/c.pcapng -- sh -c \
		"setsid storescp -od got $P >/dev/null 2>&1 & exit 3"
	until_true grep 'sh went to the background' capture.log
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/ct
	end_capture 3 TERM
	says 'DICOM C-STORE-RSP 1, Success'
	! in_use_by_listener || fail "the program still listens"
	exported work/c.pcapng
	same_images sent objects
	left c.pcapng c.svg
}

in_use_by_listener() {
	sockets | grep "^:$(printf %04X "$P") [0-9A-F]*:0000 0A" >/dev/null
}

no_secrets() {
	server
	image ct 64
	captured 0 --no-secrets -w work/c.pcapng storescu 127.0.0.1 "$P" ct
	left c.pcapng c.svg
	! grep WARNING err || fail "a warning about secrets that are not there"
	# The summary is as with them.
	says 'DICOM C-STORE-RQ 1, CT Image Storage'
	mapfile -t options < <(printed)
	tshark -r work/c.pcapng "${options[@]}" 2>/dev/null >shown
	grep 'Client Hello' shown
	! grep DICOM shown || fail "DICOM shows without the secrets"
	# No block of secrets: type 10, draft-ietf-opsawg-pcapng 4.7.
	python3 -B -c 'import sys; sys.path[0] = sys.argv[1]; import pcapng
kinds = [b[0] for b in pcapng._blocks(open(sys.argv[2], "rb").read())]
sys.exit(pcapng.SECRETS in kinds or pcapng.PACKET not in kinds)' \
		"$here" work/c.pcapng
	python3 "$here/wire.py" --port "$P" --streams 1 work/c.pcapng
}

# Nothing of the image may be in what is sent to a support desk.
redact() {
	local file
	server
	mkdir "$PATIENT"
	image "$PATIENT/ct" 64
	captured 0 -w work/a.pcapng --summary work/a.txt \
		storescu 127.0.0.1 "$P" "$PATIENT/ct"
	captured 0 -w work/b.pcapng --summary work/b.txt --redact \
		storescu 127.0.0.1 "$P" "$PATIENT/ct"
	for file in work/a.svg work/a.txt; do
		grep -q "patient SYNTHETIC^PERSON, patient ID SYN-1" $file
		grep -q "instance $INSTANCE" $file
		grep -q "storescu 127.0.0.1 $P $PATIENT/ct" $file
	done
	for file in work/b.svg work/b.txt; do
		! grep -nE 'SYNTHETIC|PERSON|SYN-1|2\.25\.|1970|A1' $file ||
			fail "$file tells of the patient"
		grep -q 'What is about patients was left out' $file
		grep -q 'C-STORE-RQ 1, CT Image Storage' $file
		grep -q 'STORESCU calls ANY-SCP' $file
	done
	! grep -E 'SYNTHETIC|SYN-1|2\.25\.' err ||
		fail "standard error tells of the patient"
	left {a,b}.{pcapng,svg,txt}
}

# A patient's name that is no good for XML and for terminals.
hostile() {
	server
	image ct 64
	dump2dcm -q +te <(dcmdump +L ct |
		sed -e 's/^(0010,0010) .*/(0010,0010) PN [A<b>\&"'"'"'\xe4\x1b[31m]/' \
			-e '/^(7fe0/d') bad
	captured 0 -w work/c.pcapng storescu 127.0.0.1 "$P" bad
	well_formed work/c.svg
	grep -q 'A&lt;b&gt;&amp;&quot;' work/c.svg
	! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]' err work/c.svg ||
		fail "control characters came through"
	iconv -f UTF-8 -t UTF-8 err work/c.svg >/dev/null
}

# well_formed SVG: XML that needs nothing from elsewhere and runs nothing.
well_formed() {
	python3 - "$1" <<-'END'
	import sys
	import xml.etree.ElementTree as tree
	root = tree.parse(sys.argv[1]).getroot()
	assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
	names = {e.tag.split("}")[1] for e in root.iter()}
	assert names <= {"svg", "rect", "text", "path", "g", "title"}, names
	for e in root.iter():
	    for key, value in e.attrib.items():
	        assert "href" not in key and not key.startswith("on"), key
	        assert "url" not in value, value
	assert len(root.findall(".//{*}g")) > 10
	END
}

# What tshark itself says of the file, in the same form as the ladder: time,
# direction by port, message.
by_tshark() {
	local options
	openssl genrsa -out any.pem 2048 2>/dev/null
	mapfile -t options < <(printed | sed '/^-Y$/,$d')
	tshark -r "$1" "${options[@]}" -Y dicom -T fields -E occurrence=f \
		-e frame.time_epoch -e tcp.dstport -e dicom.pdu.type \
		-e _ws.col.Info 2>/dev/null >fields
	tshark -r "$1" -Y tcp -T fields -e frame.time_epoch -c 1 \
		2>/dev/null >first
	python3 - "$P" <<-'END'
	import sys
	from decimal import Decimal
	names = {1: "A-ASSOCIATE-RQ", 2: "A-ASSOCIATE-AC", 5: "A-RELEASE-RQ",
	         6: "A-RELEASE-RP"}
	first = Decimal(open("first").read().strip())
	for line in open("fields"):
	    time, to, kind, info = line.rstrip("\n").split("\t")
	    since = (Decimal(time) - first).quantize(
	        Decimal("0.000001"), rounding="ROUND_DOWN")
	    name = names.get(int(kind, 16))
	    if name is None:
	        name = info.split(", ")[1].split(" ")[0]
	        name = name if name.startswith("C-") else "data"
	    print(since, "-->" if to == sys.argv[1] else "<--", name)
	END
}

by_us() {
	sed -nE 's/^ *([0-9.]+) +[0-9]+  (-->|<--)  DICOM ([^ ,]*).*/\1 \2 \3/p' \
		"$1"
}

same_times() {
	server
	image a 64
	blob b 5000 2
	captured 0 -w work/c.pcapng --summary work/c.txt \
		storescu 127.0.0.1 "$P" a b
	by_tshark work/c.pcapng >theirs
	by_us work/c.txt >ours
	[ "$(wc -l <ours)" -eq 10 ]
	diff theirs ours
}

many_ports() {
	port P Q
	low=$((P - P % 100))
	tls_on "$low-$((low + 99)),$Q"
	mkdir work got sent
	image sent/ct 64
	serve server "$P" "${tls[@]}" storescp -od got "$P"
	need dumpcap editcap tshark
	within 60 "$run" capture -c "$low-$((low + 99)),$Q" -w work/c.pcapng \
		storescu 127.0.0.1 "$P" sent/ct 2>err
	says 'C-STORE-RSP 1, Success'
	# Only the port that was used is printed.
	[ "$(printed | grep -c uat)" -eq 1 ]
	exported work/c.pcapng
	same_images sent objects
}

overwrites_nothing() {
	server
	for file in c.pcapng c.svg; do
		echo mine >work/$file
		captured 1 -w work/c.pcapng echoscu 127.0.0.1 "$P"
		says "work/$file exists already.*--force"
		[ "$(cat work/$file)" = mine ]
		left $file
		rm work/$file
	done
	captured 1 --force --picture work/d -w work/d echoscu 127.0.0.1 "$P"
	says 'work/d cannot be the recording and something else'
	left
	echo mine | tee work/c.pcapng work/c.svg work/c.txt >/dev/null
	captured 0 --force -w work/c.pcapng --summary work/c.txt \
		echoscu 127.0.0.1 "$P"
	grep -q C-ECHO-RQ work/c.txt
	grep -q C-ECHO-RQ work/c.svg
	capinfos work/c.pcapng >/dev/null
	left c.pcapng c.svg c.txt
	captured 0 --summary /dev/null --picture /dev/null -w work/d.pcapng \
		echoscu 127.0.0.1 "$P"
	[ -c /dev/null ]
	left {c,d}.pcapng c.svg c.txt
}

# without PROGRAM: a PATH with everything but that.
without() {
	local folder name
	mkdir bin
	for folder in /usr/local/bin /usr/bin /bin; do
		for name in "$folder"/*; do
			ln -s "$name" "bin/${name##*/}" 2>/dev/null || true
		done
	done
	rm "bin/$1"
}

no_dumpcap() {
	server
	without dumpcap
	PATH=$C/bin captured 1 -w work/c.pcapng echoscu 127.0.0.1 "$P"
	says 'dumpcap.*is not installed.*wireshark-common'
	left
	# It is there, and may not be executed by this user.
	printf '#!/bin/sh\n' >bin/dumpcap
	chmod 000 bin/dumpcap
	PATH=$C/bin captured 1 -w work/c.pcapng echoscu 127.0.0.1 "$P"
	says 'dumpcap may not record on any.*group wireshark'
	left
	[ ! -s out ] || fail "the program ran"
}

no_editcap() {
	server
	without editcap
	PATH=$C/bin captured 1 -w work/c.pcapng echoscu 127.0.0.1 "$P"
	says 'editcap.*is not installed.*wireshark-common.*--no-secrets'
	left
	PATH=$C/bin captured 0 --no-secrets -w work/c.pcapng \
		echoscu 127.0.0.1 "$P"
	left c.pcapng c.svg
}

no_tshark() {
	server
	without tshark
	PATH=$C/bin captured 0 -w work/c.pcapng echoscu 127.0.0.1 "$P"
	says 'no summary: tshark.*is not installed.*package tshark.*--read'
	left c.pcapng
	"$run" capture -c "$P" -r work/c.pcapng >told
	grep 'DICOM C-ECHO-RSP 1, Success' told
	PATH=$C/bin captured 1 --summary work/d.txt -w work/d.pcapng \
		echoscu 127.0.0.1 "$P"
	says 'tshark.*is not installed'
	left c.pcapng d.pcapng
}

no_permission() {
	need setpriv
	[ "$(id -u)" -eq 0 ] || skip "only root can become a user without rights"
	[ -z "$(getcap "$(command -v dumpcap)")" ] ||
		skip "dumpcap may record for every user here"
	port P
	mkdir work
	for_everybody
	chmod 755 "$C"
	chmod 777 work
	within 30 setpriv --reuid=65534 --regid=65534 --clear-groups \
		--no-new-privs "$run" capture -d "$C/work" -c "$P" \
		-w work/c.pcapng -- true 2>err && fail "it succeeded"
	says 'dumpcap may not record on any for this user: run this as root'
	says 'group wireshark.*setcap'
	left
}

no_interface() {
	server
	captured 1 -i nosuch0 -w work/c.pcapng echoscu 127.0.0.1 "$P"
	says 'there is no interface "nosuch0".*dumpcap -D'
	left
	captured 0 -i lo -w work/c.pcapng echoscu 127.0.0.1 "$P"
	says 'C-ECHO-RSP'
}

bad_programs() {
	need dumpcap editcap tshark
	port P
	mkdir work
	captured 127 -w work/c.pcapng nosuchprogram
	says 'there is no program "nosuchprogram"'
	captured 126 -w work/c.pcapng -- "$C"
	says 'is no file but a folder'
	captured 2 -w work/c.pcapng
	captured 2 -r a -- true
	captured 2 --verify peer -w work/c.pcapng -- true
	says 'DICOMTLS_VERIFY: "peer"'
	within 9 "$run" capture -c none -l none -- true 2>err && fail "it ran"
	says 'no port is configured'
	captured 1 -w nowhere/c.pcapng -- true
	says 'nowhere/c.pcapng cannot be written: No such file'
	captured 1 -w work -- true
	says 'work cannot be written: Is a directory'
	captured 1 -r nowhere.pcapng
	says 'nowhere.pcapng: No such file'
	echo garbage >garbage
	captured 1 -r garbage
	says 'tshark cannot read .*garbage'
	left
}

# dumpcap of the running capture.
dumpcap_pid() {
	local stat
	for stat in /proc/[0-9]*/stat; do
		sed -n "s/^\\([0-9]*\\) (dumpcap) [A-Z] $(pid capture) .*/\\1/p" \
			"$stat" 2>/dev/null
	done
}

dumpcap_killed() {
	port P
	tls_on "$P"
	mkdir sent got work
	image sent/ct 64
	start_capture -w work/c.pcapng storescp -od got "$P"
	within 20 "${tls[@]}" storescu 127.0.0.1 "$P" sent/ct
	# Once dumpcap has written it.
	until_true eval '[ "$(stat -c %s work/.dicomtls-*/raw.pcapng)" -gt 9000 ]'
	kill -KILL "$(dumpcap_pid)"
	until_true grep 'recording has ended before' capture.log
	# The program goes on.
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	end_capture 143 TERM
	says 'dumpcap was ended by signal 9'
	says 'C-STORE-RQ'
	exported work/c.pcapng
	same_images sent objects
	left c.pcapng c.svg
}

# A disk that is full: on a small one of its own.
disk_full() {
	[ "$(id -u)" -eq 0 ] || skip "only root can mount a small disk"
	unshare --mount true 2>/dev/null || skip "no mounts can be made here"
	server
	blob big 6000000
	mkdir small
	unshare --mount bash -c '
		mount -t tmpfs -o size=3m tmpfs small || exit 99
		"$@" 2>err
		echo $? >status
		ls -A small >left
		stat -c "%s %a" small/* >sizes' - \
		timeout 60 "$run" capture -c "$P" -w small/c.pcapng \
		storescu 127.0.0.1 "$P" big || fail "no small disk"
	cat err left sizes
	[ "$(cat status)" -eq 1 ] || fail "it ended with $(cat status)"
	says 'the recording is not whole: the disk was full'
	# The program went on: the image is there, whole.
	mkdir sent
	mv big sent/
	same_images sent got
	! grep dicomtls left || fail "temporary files are left"
	grep -x c.pcapng left
}

# The terminal is gone while it runs: the kernel tells us, as its session's
# leader, and nobody else.
hangup() {
	need dumpcap editcap tshark python3
	port P
	mkdir got work
	start terminal python3 "$here/terminal.py" 0.5 hangup Association \
		"$run" capture -l "$P" -w work/c.pcapng storescp -v -od got "$P"
	wait_listen "$P" terminal
	tls_on "$P"
	within 20 "${tls[@]}" echoscu 127.0.0.1 "$P"
	ended terminal && fail "it did not end by its signal"
	! grep 'did not end' terminal.log || fail "it went on"
	! in_use_by_listener || fail "the program goes on"
	left c.pcapng c.svg
}

killed_by_hangup() {
	need dumpcap editcap tshark
	port P
	mkdir work
	start capture "$run" capture -c "$P" -w work/c.pcapng -- \
		sh -c 'echo ready; exec sleep 30'
	until_true grep ready capture.log
	end_capture 129 HUP
	left c.pcapng c.svg
	says 'There was no connection'
}

# dumpcap does not outlive us.
killed_itself() {
	need dumpcap editcap tshark
	local recorder
	port P
	mkdir work
	start capture "$run" capture -c "$P" -w work/c.pcapng -- \
		sh -c 'echo ready; exec sleep 3'
	until_true grep ready capture.log
	recorder=$(dumpcap_pid)
	kill -KILL "$(pid capture)"
	gone "$recorder" || fail "dumpcap is still there"
}

# Whoever reads standard error goes away; the files are made even so.
nobody_listens() {
	server
	{ within 60 "$run" capture -c "$P" -w work/c.pcapng \
		echoscu 127.0.0.1 "$P"; echo $? >status; } 2>&1 >out |
		head -c 1 >/dev/null || true
	[ "$(cat status)" -eq 0 ] || fail "it ended with $(cat status)"
	left c.pcapng c.svg
	well_formed work/c.svg
	# The program itself dies of SIGPIPE as ever.
	captured 141 -w work/d.pcapng -- bash -c 'kill -PIPE $$'
}

# Connections of others stay closed: their secrets are not ours.
of_others() {
	server
	mkdir sent
	image sent/ct 64
	captured 0 -w work/c.pcapng -- env -u LD_PRELOAD -u DICOMTLS_KEYLOG \
		"${tls[@]}" storescu 127.0.0.1 "$P" sent/ct
	says 'no secrets came from env: nobody can decrypt the recording'
	says 'TLS   data without the secrets to read it'
	! grep 'DICOM [A-C]-' err || fail "DICOM without its secrets"
}

own_keylog() {
	server
	captured 0 -w work/c.pcapng --keylog "$C/own.log" echoscu 127.0.0.1 "$P"
	says "secrets of this run go into the recording, not to $C/own.log"
	[ ! -e own.log ]
	says 'C-ECHO-RSP'
}

check "a client: the image comes out by the printed options" under_client
check "a server until TERM, two connections" under_server
check "Ctrl-C on a terminal" ctrl_c
check "progress on a terminal, and only there" progress
check "exit statuses, arguments, the default name" statuses
check "signals are the program's" handles_signals
check "Ctrl-C comes once" one_interrupt
check "a program that goes on after Ctrl-C" after_interrupt
check "a program that goes to the background" background
check "--no-secrets" no_secrets
check "--redact, and what shows without it" redact
check "a patient's name that is no XML" hostile
check "order and times are tshark's" same_times
check "a range of ports" many_ports
check "nothing is overwritten without --force" overwrites_nothing
check "no dumpcap" no_dumpcap
check "no editcap" no_editcap
check "no tshark" no_tshark
check "no permission to record" no_permission
check "no such interface" no_interface
check "programs, settings and files that are no good" bad_programs
check "dumpcap is killed" dumpcap_killed
check "the disk is full" disk_full
check "the terminal hangs up" hangup
check "a hangup by kill" killed_by_hangup
check "dumpcap does not outlive dicomtls" killed_itself
check "nobody reads what it says" nobody_listens
check "connections of others" of_others
check "a key log of the user's own" own_keylog
finish
