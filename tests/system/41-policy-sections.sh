#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 41-policy-sections: dicomtls.conf gives each peer its own TLS.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# config: the file of this case, from standard input.
config() {
	mkdir -p id
	cat >id/dicomtls.conf
	export DICOMTLS_DIR=$C/id
}

# echo_to HOST PORT: C-ECHO by a client under the shim.
echo_to() {
	within 20 "$run" run -- echoscu "$1" "$2"
}

# shaken ROLE PORT WORDS: the log has a handshake of this role and port.
shaken() {
	grep -E "info: $1 [^ ]*${2:+:$2}( |:).*$3" shim.log ||
		fail "no handshake $1 ${2:-*} with $3 in the log"
}

by_port() {
	need storescp echoscu
	port P Q R
	config <<-END
		connect = !1
		listen = !1
		[new]
		connect = $P
		listen = $R
		min_version = 1.3
		[old]
		connect = $Q
		profile = aes
	END
	unset DICOMTLS_KEYLOG
	capture "$P" "$Q" "$R"
	# The servers have settings of their own, by the environment.
	DICOMTLS_DIR=$T/identity serve one "$P" "$run" run -l "$P" -- storescp "$P"
	DICOMTLS_DIR=$T/identity serve two "$Q" "$run" run -l "$Q" -p legacy -- \
		storescp "$Q"
	serve three "$R" "$run" run -- storescp "$R"
	echo_to 127.0.0.1 "$P"
	echo_to 127.0.0.1 "$Q"
	DICOMTLS_CONNECT=$R echo_to 127.0.0.1 "$R"
	stop one
	stop two
	stop three
	shaken to "$P" 'TLSv1.3'
	shaken to "$Q" 'TLSv1.2, AES128-SHA'
	shaken to "$R" 'TLSv1.3'
	wire --streams 3
}

# The same address and port, by name and by number.
by_name() {
	need storescp echoscu
	port P
	config <<-END
		connect = $P
		listen = none
		[by name]
		connect = localhost:$P
		max_version = 1.2
	END
	serve storescp "$P" "$run" run -l "$P" -- storescp "$P"
	echo_to 127.0.0.1 "$P"
	shaken to "$P" TLSv1.3
	: >shim.log
	echo_to localhost "$P"
	shaken to "$P" TLSv1.2
	: >shim.log
	echo_to LOCALHOST "$P"
	shaken to "$P" TLSv1.2
	stop storescp
}

# Old modalities in one network, everybody else in another.
by_client() {
	need storescp openssl
	port P
	config <<-END
		connect = none
		[old]
		listen = $P
		from = 127.0.0.2, 127.0.2.0/24
		profile = legacy
	END
	serve storescp "$P" "$run" run -- storescp "$P"
	refused client 127.0.0.1 -tls1
	client 127.0.0.2 -tls1
	client 127.0.2.77 -tls1
	refused client 127.0.3.1 -tls1
	client 127.0.3.1 -tls1_2
	stop storescp
	[ "$(grep -c 'error: ' shim.log)" -eq 2 ]
}

# client ADDRESS VERSION: a handshake from this address.
client() {
	within 20 openssl s_client -connect "127.0.0.1:$P" -bind "$1:0" \
		"$2" -cipher ALL:@SECLEVEL=0 </dev/null >client.log 2>&1
}

exceptions() {
	need storescp echoscu
	port P Q
	config <<-END
		connect = !127.0.0.1:$P, $P
		listen = none
		[all]
		connect = $P, !127.0.0.2:$Q, 127.0.0.0/8:$Q
	END
	serve plain "$P" storescp "$P"
	serve tls "$Q" "$run" run -l "$Q" -c none -- storescp "$Q"
	echo_to 127.0.0.1 "$P"
	echo_to 127.0.0.3 "$Q"
	refused echo_to 127.0.0.2 "$P"
	refused echo_to 127.0.0.2 "$Q"
	stop plain
	stop tls
}

# The environment wins over a section.
environment_wins() {
	need storescp echoscu
	port P
	config <<-END
		listen = none
		[x]
		connect = $P
		max_version = 1.2
	END
	serve storescp "$P" "$run" run -l "$P" -- storescp "$P"
	DICOMTLS_MAX_VERSION=1.3 echo_to 127.0.0.1 "$P"
	shaken to "$P" TLSv1.3
	stop storescp
}

# A certificate for each section.
certificates() {
	need storescp openssl
	port P Q
	openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key \
		-out own.crt -subj /CN=own -days 9 2>/dev/null
	config <<-END
		listen = $P
		[own]
		listen = $Q
		cert = ../own.crt
		key = ../own.key
	END
	serve one "$P" "$run" run -- storescp "$P"
	serve two "$Q" "$run" run -- storescp "$Q"
	[ "$(subject "$Q")" = "subject=CN = own" ]
	[ "$(subject "$P")" != "subject=CN = own" ]
	[ -n "$(subject "$P")" ]
	stop one
	stop two
}

subject() {
	openssl s_client -connect "127.0.0.1:$1" </dev/null 2>/dev/null |
		openssl x509 -noout -subject
}

# A slip in the file: nothing may leave in plaintext, and the sentence says
# where it is.  The launcher would refuse, so the library is on its own.
broken() {
	local line
	need echoscu
	port P
	capture "$P"
	serve storescp "$P" storescp "$P"
	export DICOMTLS_DIR=$C/id
	for line in 'conect = 1' 'connect 1' '[x]' '[x' 'profile = basic' \
		'verify = yes' 'pins = 12'; do
		printf '%s\nprofile = x y\n' "$line" | config
		refused preloaded echoscu 127.0.0.1 "$P"
		grep -q "error: .*$C/id/dicomtls.conf:[12]: " shim.log ||
			fail "$line: no sentence in the log"
		: >shim.log
	done
	stop storescp
	wire --streams 0
}

# preloaded COMMAND ...: as the launcher would start it with a file in order.
preloaded() {
	local lines
	lines=$(DICOMTLS_DIR=$C/none "$run" env -c "$P")
	(
		eval "$lines"
		export DICOMTLS_DIR=$C/id
		within 20 "$@"
	)
}

check "by port" by_port
check "by host name" by_name
check "by the network of the client" by_client
check "exceptions" exceptions
check "the environment wins" environment_wins
check "a certificate for each section" certificates
check "a broken file: no plaintext, and a sentence" broken
finish
