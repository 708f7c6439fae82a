#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# general: programs that are not DICOM's, as a second opinion about sockets:
# nginx, Redis, PostgreSQL, rsync, iperf3.  Both ends are under the library
# unless it says otherwise; what they carry has to arrive whole and as TLS.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

# all_tls [OPTION ...]: the capture holds TLS and nothing else.
all_tls() {
	wire --brief "$@"
}

no_errors_logged() {
	{ grep -E ' error: ' shim.log || true; } | nothing
}

## nginx: edge-triggered epoll, sendfile, writev, a master and workers -----------

nginx_serves() {
	need nginx curl
	port P P2
	tls_on "$P,$P2"
	mkdir www tmp
	head -c 20000000 /dev/urandom >www/big
	head -c 300 /dev/urandom | base64 >www/small
	cat >nginx.conf <<-END
		user root;
		daemon off;
		worker_processes 2;
		error_log $C/nginx.error.log;
		pid $C/nginx.id;
		events { worker_connections 200; }
		http {
			access_log off;
			sendfile on;
			tcp_nopush on;
			client_max_body_size 100m;
			client_body_temp_path $C/tmp/body;
			proxy_temp_path $C/tmp/proxy;
			fastcgi_temp_path $C/tmp/fastcgi;
			uwsgi_temp_path $C/tmp/uwsgi;
			scgi_temp_path $C/tmp/scgi;
			keepalive_requests 1000000;
			upstream behind {
				server 127.0.0.1:$P2;
				keepalive 8;
			}
			server {
				listen 127.0.0.1:$P;
				root $C/www;
				location /behind/ {
					proxy_pass http://behind/;
					proxy_http_version 1.1;
					proxy_set_header Connection "";
				}
			}
			server { listen 127.0.0.1:$P2; root $C/www; }
		}
	END
	serve nginx "$P" "${tls[@]}" nginx -c "$C/nginx.conf" -p "$C"
}

nginx_curl() {
	local n
	nginx_serves
	capture "$P" "$P2"
	for n in big behind/big small behind/small; do
		within 30 "${tls[@]}" curl -sSf --noproxy '*' -o got \
			"http://127.0.0.1:$P/$n"
		cmp got "www/${n##*/}"
	done
	# Many on one connection, with ranges; slowly; several at once.
	within 30 "${tls[@]}" curl -sSf --noproxy '*' -r 100-50000 -o part1 \
		"http://127.0.0.1:$P/big" -o part2 "http://127.0.0.1:$P/big"
	head -c 50001 www/big | tail -c 49901 | cmp - part1
	cmp part1 part2
	within 30 "${tls[@]}" curl -sSf --noproxy '*' --limit-rate 8M \
		-o slow "http://127.0.0.1:$P/behind/big"
	cmp slow www/big
	within 30 "${tls[@]}" curl -sSf --noproxy '*' --parallel -o "at#1" \
		"http://127.0.0.1:$P/big?[1-5]"
	for n in 1 2 3 4 5; do
		cmp "at$n" www/big
	done
	stop nginx QUIT
	all_tls
	no_errors_logged
}

# wrk takes EAGAIN on a socket that epoll told it to read for the end of the
# connection, counts an error and connects again.  The bytes of a handshake are
# nothing that epoll may tell of; one that comes while another thread is at it
# may slip through.
nginx_wrk() {
	local page
	need wrk
	nginx_serves
	for page in small small behind/small; do
		within 60 "${tls[@]}" wrk -t 1 -c 20 -d 2 \
			"http://127.0.0.1:$P/$page" | tee -a said
	done
	[ "$(awk '/requests in/ { if ($1 > 1000) n++ } END { print n + 0 }' \
		said)" -eq 3 ]
	[ "$(sed -n 's/.* read \([0-9]*\), .*/\1/p' said |
		awk '{ n += $1 } END { print n + 0 }')" -le 3 ]
	{ grep -E 'connect [1-9]|write [1-9]|timeout [1-9]|Non-2xx' said ||
		true; } | nothing
	stop nginx QUIT
	no_errors_logged
}

nginx_ab() {
	local ab
	need ab
	nginx_serves
	ab=(within 60 "${tls[@]}" ab -q -c 20)
	"${ab[@]}" -k -n 10000 "http://127.0.0.1:$P/small" | tee said
	"${ab[@]}" -n 300 "http://127.0.0.1:$P/small" | tee -a said
	"${ab[@]}" -k -n 2000 "http://127.0.0.1:$P/behind/small" | tee -a said
	"${ab[@]}" -n 300 "http://127.0.0.1:$P/behind/small" | tee -a said
	[ "$(grep -c '^Failed requests: *0$' said)" -eq 4 ]
	{ grep -E '^(Non-2xx|Write errors)' said || true; } | nothing
	stop nginx QUIT
	no_errors_logged
}

## Redis: epoll, level-triggered, pipelines, replication --------------------------

redis() {
	serve "$1" "$2" "${tls[@]}" redis-server --port "$2" --bind 127.0.0.1 \
		--save '' --appendonly no --dir "$C" "${@:3}"
}

ask() {
	within 20 "${tls[@]}" redis-cli -h 127.0.0.1 -p "$@"
}

redis_values() {
	local tries
	need redis-server redis-cli
	port P P2
	tls_on "$P,$P2"
	capture "$P" "$P2"
	redis first "$P"
	head -c 5000000 /dev/urandom >value
	ask "$P" -x set key <value | grep OK
	ask "$P" get key | head -c 5000000 | cmp - value
	redis second "$P2" --replicaof 127.0.0.1 "$P"
	for ((tries = 0; tries < 100; tries++)); do
		ask "$P2" info replication >replication
		grep -q 'master_link_status:up' replication && break
		sleep 0.1
	done
	ask "$P2" get key | head -c 5000000 | cmp - value
	seq 1 20000 | sed 's/.*/set k& v&/' >pipe
	within 30 "${tls[@]}" redis-cli -h 127.0.0.1 -p "$P" --pipe <pipe |
		grep 'errors: 0, replies: 20000'
	[ "$(ask "$P" dbsize)" -eq 20001 ]
	stop second
	stop first
	all_tls
	no_errors_logged
}

redis_bench() {
	need redis-server redis-benchmark
	port P
	tls_on "$P"
	redis first "$P"
	within 60 "${tls[@]}" redis-benchmark -h 127.0.0.1 -p "$P" -c 30 \
		-n 8000 -q -t ping,set,get,lpush,lrange_100 | tee said
	within 60 "${tls[@]}" redis-benchmark -h 127.0.0.1 -p "$P" -c 20 \
		-n 40000 -P 16 -d 2000 -q -t set,get --threads 2 | tee -a said
	{ grep -iE 'error|closed' said || true; } | nothing
	[ "$(grep -c 'requests per second' said)" -ge 7 ]
	stop first
	no_errors_logged
}

## PostgreSQL: forks a process for each connection, and never as root --------------

# nobody COMMAND ...: under the library, as somebody else than root.
nobody() {
	within 60 "${tls[@]}" setpriv --reuid nobody --regid nogroup \
		--clear-groups "$@"
}

# What nobody may read and write; the server's programs in $bin.
pg_folder() {
	[ "$(id -u)" -eq 0 ] || skip "PostgreSQL is run as nobody, by root"
	bin=$(find /usr/lib/postgresql -name initdb | sort -V | tail -n 1)
	[ -n "$bin" ] || skip "postgresql is not installed"
	bin=${bin%/*}
	chmod 711 "$T" "$C"
	install -d -o nobody -g nogroup db own
	export DICOMTLS_DIR=$C/own/identity DICOMTLS_LOG=$C/own/shim.log
	unset DICOMTLS_KEYLOG
	# The build folder may be where nobody comes.
	mkdir lib
	cp "$build/.libs/libdicomtls.so" "$build/.libs/libdicomtls-engine.so" \
		lib/
	chmod 755 lib lib/*
	tls=()
	nobody test -r "$C/lib/libdicomtls.so" ||
		skip "nobody may not read the temporary folder"
}

pg_ready() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		nobody "$bin/pg_isready" -q && return
		sleep 0.1
	done
	fail "PostgreSQL does not answer"
}

postgres() {
	local sum
	need setpriv openssl
	port P
	pg_folder
	export PGSSLMODE=disable PGGSSENCMODE=disable PGHOST=127.0.0.1
	export PGUSER=postgres PGPORT=$P PGDATABASE=postgres
	nobody "$bin/initdb" -D db -A trust -U postgres -N >initdb.log
	tls=(env "LD_PRELOAD=$C/lib/libdicomtls.so" "DICOMTLS_CONNECT=$P"
		"DICOMTLS_LISTEN=$P")
	capture "$P"
	serve server "$P" "${tls[@]}" setpriv --reuid nobody --regid nogroup \
		--clear-groups "$bin/postgres" -D "$C/db" -p "$P" \
		-c listen_addresses=127.0.0.1 -c ssl=off -c fsync=off \
		-c unix_socket_directories=
	pg_ready
	sum=$(printf %20000000s '' | tr ' ' y | md5sum | cut -c1-32)
	nobody "$bin/psql" -qAt -c "select repeat('y', 20000000)" |
		tr -d '\n' | md5sum | grep "$sum"
	nobody "$bin/pgbench" -q -i -s 1
	nobody "$bin/pgbench" -c 4 -j 2 -t 100 | tee said
	grep -E 'processed: 400/400' said
	nobody "$bin/pgbench" -S -C -c 4 -j 2 -t 25 | grep 'processed: 100/100'
	nobody "$bin/pgbench" -M prepared -S -c 4 -t 200 |
		grep 'processed: 800/800'
	stop server INT
	all_tls
	{ grep -E ' error: ' own/shim.log || true; } | nothing
}

## rsync: one process that only sends, or two that share a connection ----------

rsync_daemon() {
	need rsync openssl
	port P
	tls_on "$P"
	mkdir -p from/deep to
	head -c 9000000 /dev/urandom >from/big
	seq 1 100000 >from/deep/text
	printf '%s\n' "use chroot = no" "uid = 0" "gid = 0" "[files]" \
		"path = $C/from" >rsync.conf
	[ "$(id -u)" -eq 0 ] || sed -i '/^.id/d' rsync.conf
	serve server "$P" "${tls[@]}" rsync --daemon --no-detach \
		--port="$P" --address=127.0.0.1 --config="$C/rsync.conf"
}

# The daemon sends: one process at its end.  The client's two processes share
# their connection, so here another program brings its TLS.
rsync_sends() {
	rsync_daemon
	capture "$P"
	export RSYNC_CONNECT_PROG="openssl s_client -quiet -connect 127.0.0.1:$P"
	within 40 rsync -a rsync://127.0.0.1/files/ to/ 2>client.log
	diff -r from to
	stop server
	all_tls
	no_errors_logged
}

# A client that receives forks in the middle of the conversation and then reads
# in one process and writes in the other: TLS cannot be in two places.  It ends
# with an error and a sentence.
rsync_shared() {
	rsync_daemon
	refused within 40 "${tls[@]}" rsync -a "rsync://127.0.0.1:$P/files/" to/
	logged "another process owns this TLS session since the fork"
	quiet "$P"
	stop server
}

## iperf3: select, both ways, several streams ------------------------------------

# iperf OPTION ...: 5 MB a stream.  The server stops when the client says so
# on another connection, and then leaves unread what is still on its way.
iperf() {
	need iperf3 python3
	port P
	tls_on "$P"
	capture "$P"
	serve server "$P" "${tls[@]}" iperf3 -s -1 -B 127.0.0.1 -p "$P"
	within 30 "${tls[@]}" iperf3 -c 127.0.0.1 -p "$P" -n 5M -J "$@" >said ||
		{ cat said; fail "the client failed"; }
	ended server
	python3 - <<-END
		import json
		end = json.load(open("said"))["end"]
		for name in end:
		    if name.startswith("sum_received"):
		        print(name, end[name]["bytes"])
		        assert end[name]["bytes"] > 0
		# Both ways at once it stops when the two together have enough.
		sent = [end[name]["bytes"] for name in end
		        if name.startswith("sum_sent")]
		assert sent and all(sent) and sum(sent) >= 4e6, sent
	END
	all_tls --torn
	no_errors_logged
}

check "nginx and curl: sendfile, proxy, ranges" nginx_curl
check "nginx and wrk" nginx_wrk
check "nginx and ab: many connections, kept and not" nginx_ab
check "Redis: large values, replication, pipelines" redis_values
check "redis-benchmark" redis_bench
check "PostgreSQL and pgbench" postgres
check "rsync's daemon sends" rsync_sends
check "rsync's client shares its connection between two processes: a limit" \
	rsync_shared
check "iperf3" iperf
check "iperf3, the server sends" iperf -R
check "iperf3, 4 streams" iperf -P 4
check "iperf3 with sendfile" iperf -Z
check "iperf3, both ways at once" iperf --bidir
finish
