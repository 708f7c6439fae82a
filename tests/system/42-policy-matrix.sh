#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 42-policy-matrix: every profile against peers that are restricted to one
# version and suite: it connects exactly where the standard says.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

profiles="bcp195 bcp195-modified bcp195-nd bcp195-extended bcp195-downgrade
	aes legacy null"

# VERSION SUITE KEY-OF-THE-SERVER: more than any profile has.
universe() {
	local v s
	for s in AES_128_GCM_SHA256 AES_256_GCM_SHA384 \
		CHACHA20_POLY1305_SHA256 AES_128_CCM_SHA256 AES_128_CCM_8_SHA256
	do
		echo "1.3 TLS_$s rsa"
	done
	for s in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384 \
		DHE-RSA-AES128-GCM-SHA256 DHE-RSA-AES256-GCM-SHA384 \
		ECDHE-RSA-CHACHA20-POLY1305 DHE-RSA-CHACHA20-POLY1305 \
		DHE-RSA-AES256-CCM ECDHE-RSA-AES256-SHA384 \
		ECDHE-ARIA128-GCM-SHA256 AES128-GCM-SHA256 AES256-SHA256 \
		CAMELLIA128-SHA AES256-SHA NULL-SHA256
	do
		echo "1.2 $s rsa"
	done
	for s in AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-CCM AES256-CCM \
		AES128-CCM8 AES256-CCM8 CHACHA20-POLY1305 AES128-SHA
	do
		echo "1.2 ECDHE-ECDSA-$s ec"
	done
	for v in 1.2 1.1 1.0; do
		echo "$v AES128-SHA rsa"
		echo "$v ECDHE-RSA-AES256-SHA rsa"
		echo "$v NULL-SHA rsa"
	done
}

# What PS3.15 Annex B and its RFCs say; legacy is our own.
takes() {
	case "$1 $2 $3" in
	"bcp195 1.2 ECDHE-"*SA-AES128-GCM-SHA256 | \
		"bcp195 1.2 ECDHE-"*SA-AES256-GCM-SHA384)
		;;
	"bcp195-modified 1.3 "* | "bcp195-modified 1.2 ECDHE-ECDSA-AES"*GCM* | \
		"bcp195-modified 1.2 ECDHE-"*CCM* | \
		"bcp195-modified 1.2 ECDHE-RSA-AES"*GCM* | \
		"bcp195-modified 1.2 ECDHE-"*CHACHA20*)
		;;
	"bcp195-nd 1.2 "*DHE-RSA-AES*-GCM-* | \
		"bcp195-downgrade 1.2 "*DHE-RSA-AES*-GCM-*)
		;;
	"bcp195-extended 1.2 "*DHE-*-AES*-GCM-*)
		;;
	"bcp195 1.3 "*GCM* | "bcp195 1.3 "*CHACHA20* | \
		"bcp195-nd 1.3 "*GCM* | "bcp195-nd 1.3 "*CHACHA20* | \
		"bcp195-downgrade 1.3 "*GCM* | "bcp195-downgrade 1.3 "*CHACHA20*)
		;;
	"bcp195-downgrade 1."[012]" AES128-SHA" | "aes 1."[012]" AES128-SHA")
		;;
	"legacy 1."[012]" NULL"*)
		return 1
		;;
	"legacy 1."[012]" "*)
		;;
	"null 1."[012]" NULL-SHA")
		;;
	*)
		return 1
		;;
	esac
}

keys() {
	need openssl
	[ ! -e "$T/rsa.crt" ] || return 0
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/rsa.key" \
		-out "$T/rsa.crt" -subj /CN=matrix -days 9 2>/dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$T/ec.key" -out "$T/ec.crt" -subj /CN=matrix -days 9 \
		2>/dev/null
}

# s_client's and s_server's options for one version and suite.
only() {
	local v=tls${1/./_}
	v=-${v%_0}
	case $1 in
	1.3) echo "$v -ciphersuites $2" ;;
	*) echo "$v -cipher $2:@SECLEVEL=0" ;;
	esac
}

# result PROFILE VERSION SUITE COMMAND ...: notes what came and what should.
result() {
	local got=no wanted=no
	takes "$1" "$2" "$3" && wanted=yes
	if "${@:4}" >peer.log 2>&1; then
		got=yes
	fi
	echo "$1 $2 $3 $got" >>got
	echo "$1 $2 $3 $wanted" >>wanted
}

# A client that needs no DICOM: OpenSSL's server turns a line round.
greet() {
	within 20 "$run" run -c "$P" -l none -p "$1" -- bash -c "
		exec 3<>/dev/tcp/127.0.0.1/$P
		echo hello >&3
		read -r -t 10 answer <&3
		[ \"\$answer\" = olleh ]"
}

handshake() {
	# shellcheck disable=SC2046 # words are wanted
	within 20 openssl s_client -connect "127.0.0.1:$2" \
		$(only "$3" "$4") </dev/null
}

# "0x1301 TLS_AES_128_GCM_SHA256" and so on.
names() {
	openssl ciphers -V -s -ciphersuites "$(universe |
		sed -n 's/^1.3 \([^ ]*\) .*/\1/p' | paste -sd:)" \
		'ALL:COMPLEMENTOFALL:@SECLEVEL=0' |
		sed 's/^ *0x\(..\),0x\(..\) - \([^ ]*\) .*/\1\2 \3/' |
		while read -r hex name; do
			echo "0x${hex,,} $name"
		done
}

# The ServerHellos in the capture, as VERSION SUITE.
hellos() {
	need tshark
	names >names.txt
	tshark -r c.pcapng -d "tcp.port==$P,tls" \
		-Y 'tls.handshake.type == 2' -T fields \
		-e tls.handshake.version \
		-e tls.handshake.extensions.supported_version \
		-e tls.handshake.ciphersuite 2>/dev/null |
		awk 'NR == FNR { name[$1] = $2; next }
		{ v = $(NF - 1); sub(/.*,/, "", v)
		  print "1." substr(v, 6) - 1, name[$NF] }' names.txt -
}

# All streams are TLS to the byte, also where it does not encrypt.
tls_only() {
	capture_end
	python3 "$here/wire.py" --port "${captured// /,}" --brief \
		--unfinished --null c.pcapng
}

compare() {
	echo "$(grep -c yes got) of $(wc -l <got) connected"
	diff wanted got
	tls_only
	hellos >seen
	diff <(sed -n 's/^[^ ]* \(.*\) yes$/\1/p' wanted) seen
}

shim_client() {
	local version suite key profile
	keys
	port P
	capture "$P"
	while read -r version suite key; do
		# shellcheck disable=SC2046 # words are wanted
		serve server "$P" openssl s_server -accept "$P" -rev -quiet \
			-cert "$T/$key.crt" -key "$T/$key.key" \
			$(only "$version" "$suite")
		for profile in $profiles; do
			result "$profile" "$version" "$suite" greet "$profile"
		done
		stop server
	done < <(universe)
	compare
}

shim_server() {
	local version suite key profile
	need storescp
	keys
	port P
	capture "$P"
	for profile in $profiles; do
		for key in rsa ec; do
			DICOMTLS_CERT=$T/$key.crt DICOMTLS_KEY=$T/$key.key \
				serve server "$P" "$run" run -l "$P" \
				-p "$profile" -- storescp "$P"
			while read -r version suite; do
				result "$profile" "$version" "$suite" \
					handshake "$profile" "$P" "$version" \
					"$suite"
			done < <(universe | sed -n "s/ $key\$//p")
			stop server
		done
	done
	compare
}

# DCMTK's profiles as sets of what they share with ours.
shares() {
	case "$1 $2" in
	bcp195*" +p"[xyz]) ;;
	"bcp195-downgrade +pa" | "aes +p"[ax]) ;;
	"legacy +p"[xyza] | "null +pn") ;;
	*) return 1 ;;
	esac
}

dcmtk() {
	local profile theirs wanted got
	need storescp echoscu
	keys
	port P Q
	capture "$P" "$Q"
	for theirs in +px +py +pz +pa +pn; do
		serve theirs "$P" storescp +tls "$T/rsa.key" "$T/rsa.crt" -ic \
			"$theirs" "$P"
		for profile in $profiles; do
			serve ours "$Q" "$run" run -l "$Q" -p "$profile" -- \
				storescp "$Q"
			wanted=no
			shares "$profile" "$theirs" && wanted=yes
			got=no
			within 20 "$run" run -c "$P" -p "$profile" -- echoscu \
				127.0.0.1 "$P" >client.log 2>&1 && got=yes
			echo "client $profile $theirs $got" >>got
			got=no
			within 20 echoscu +tla -ic "$theirs" 127.0.0.1 "$Q" \
				>client.log 2>&1 && got=yes
			echo "server $profile $theirs $got" >>got
			echo "client $profile $theirs $wanted" >>wanted
			echo "server $profile $theirs $wanted" >>wanted
			stop ours
		done
		stop theirs
	done
	diff wanted got
	tls_only
}

check "shim client, OpenSSL's server: each suite, each profile" shim_client
check "shim server, OpenSSL's client: each suite, each profile" shim_server
check "DCMTK's own profiles at the other end" dcmtk
finish
