#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 42-policy-matrix: every profile against peers that are restricted to one
# version and suite: it connects exactly where the standard says.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/profiles.sh
. "$(dirname "$0")/profiles.sh"

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

# The newest version in which DCMTK's profile and ours share a suite, or "no";
# by the kind of the server's key.  With ECDSA +px and +py have TLS 1.3 alone.
shares() {
	case "$1 $2 $3" in
	*" +p"[xy]" "*)
		takes "$1" 1.3 TLS_AES_128_GCM_SHA256 && echo 1.3 && return
		;;
	esac
	case "$1 $2 $3" in
	bcp195*" +p"[xyz]" rsa" | "legacy +p"[xyza]" rsa") echo 1.2 ;;
	"bcp195-downgrade +pa rsa" | "aes +p"[ax]" rsa") echo 1.2 ;;
	"null +pn rsa") echo 1.2 ;;
	"bcp195-nd +pz ec" | "bcp195-downgrade +pz ec") echo no ;;
	bcp195*" +pz ec" | "legacy +pz ec") echo 1.2 ;;
	*) echo no ;;
	esac
}

# pair WHO PROFILE THEIRS COMMAND ...: notes what came and what should.
pair() {
	local got=no version
	version=$(shares "$2" "$3" "$kind")
	if within 20 "${@:4}" >client.log 2>&1; then
		got=yes
	fi
	echo "$1 $2 $3 $got" >>got
	echo "$1 $2 $3 $version" >>wanted
}

# All servers at once, so that each is started once.
dcmtk() {
	local profile theirs kind=$1 p q=() all=()
	need storescp echoscu
	keys
	for theirs in +px +py +pz +pa +pn; do
		port p
		q+=("$theirs $p")
		all+=("$p")
	done
	for profile in $profiles; do
		port p
		q+=("$profile $p")
		all+=("$p")
	done
	capture "${all[@]}"
	export DICOMTLS_CERT=$T/$kind.crt DICOMTLS_KEY=$T/$kind.key
	for theirs in "${q[@]}"; do
		p=${theirs#* } theirs=${theirs% *}
		case $theirs in
		+*) serve "theirs$theirs" "$p" storescp +tls "$T/$kind.key" \
			"$T/$kind.crt" -ic "$theirs" "$p" ;;
		*) serve "ours$theirs" "$p" "$run" run -l "$p" -p "$theirs" \
			-- storescp "$p" ;;
		esac
	done
	for theirs in "${q[@]:0:5}"; do
		for profile in "${q[@]:5}"; do
			p=${theirs#* }
			pair client "${profile% *}" "${theirs% *}" "$run" run \
				-c "$p" -p "${profile% *}" -- echoscu \
				127.0.0.1 "$p"
			pair server "${profile% *}" "${theirs% *}" echoscu \
				+tla -ic "${theirs% *}" 127.0.0.1 "${profile#* }"
		done
	done
	echo "$(grep -c yes got) of $(wc -l <got) connected"
	diff <(sed 's/ 1\..$/ yes/' wanted) got
	seen >hellos
	paste -d ' ' <(grep -v ' no$' wanted) hellos |
		awk '$4 != $5 { print "not as wanted: " $0; bad = 1 }
		END { exit bad }'
}

check "shim client, OpenSSL's server: each suite, each profile" shim_client
check "shim server, OpenSSL's client: each suite, each profile" shim_server
check "DCMTK's own profiles at the other end" dcmtk rsa
check "the same with ECDSA" dcmtk ec
finish
