#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 34-launcher-systemd: drop-ins for services, in a system of our own.
# shellcheck disable=SC2016 # other shells expand what is in quotes
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# service NAME [LINE ...]: a unit whose program is there.
service() {
	local name=$1
	shift
	mkdir -p root/usr/lib/systemd/system root/etc/systemd/system root/usr/bin
	cp /bin/true root/usr/bin/server
	{
		printf '[Unit]\nDescription=A server\n'
		printf '[Service]\nExecStart=/usr/bin/server --port 104\n'
		printf '%s\n' "$@"
	} >"root/usr/lib/systemd/system/$name"
}

# The log and key log of the tests' own are settings too.
clear_settings() {
	unset "${!DICOMTLS_@}"
}

value() {
	sed -n "s/^Environment=\"$1=\\(.*\\)\"\$/\\1/p" "$2"
}

prints() {
	clear_settings
	service pacs.service
	"$run" systemd --root root -l 104 --log syslog pacs >out
	cat out
	grep -qx '\[Service\]' out
	[ -e "$(value LD_PRELOAD out)" ]
	[ "$(value DICOMTLS_LISTEN out)" = 104 ]
	[ "$(value DICOMTLS_LOG out)" = syslog ]
	! grep -q StateDirectory out || fail "root needs no folder"
	[ -z "$(ls -A root/etc/systemd/system)" ] || fail "it wrote something"
}

installs() {
	local file=root/etc/systemd/system/pacs.service.d/dicomtls.conf
	clear_settings
	service pacs.service
	"$run" systemd --root root --install -l 104 pacs.service
	grep -qx 'Environment="DICOMTLS_LISTEN=104"' "$file"
	[ "$(stat -c %a "$file")" = 644 ]
	"$run" systemd --root root --install -l 105 pacs.service
	[ "$(value DICOMTLS_LISTEN "$file")" = 105 ]
	[ "$(find root/etc/systemd/system/pacs.service.d -type f | wc -l)" = 1 ]
}

systemd_takes_it() {
	need systemd-analyze
	for_everybody
	clear_settings
	service pacs.service User=pacs StateDirectory=pacs
	"$run" systemd --root root --install -l 104 \
		--ca '/etc/a "b" \c %d $e' pacs
	systemd-analyze --root="$PWD/root" verify pacs.service >said 2>&1 || true
	cat said
	! grep -i dicomtls.conf said || fail "systemd does not like it"
	# And would say so if it were wrong:
	echo 'Environment="DICOMTLS_CA' \
		>>root/etc/systemd/system/pacs.service.d/dicomtls.conf
	systemd-analyze --root="$PWD/root" verify pacs.service >said 2>&1 || true
	grep -qi dicomtls.conf said || fail "the check above proves nothing"
}

other_user() {
	local line
	for_everybody
	for line in User=orthanc DynamicUser=yes ProtectSystem=strict; do
		clear_settings
		service pacs.service "$line"
		"$run" systemd --root root pacs >out
		grep -qx 'StateDirectory=dicomtls/pacs' out || fail "$line"
		[ "$(value DICOMTLS_DIR out)" = /var/lib/dicomtls/pacs ]
		"$run" systemd --root root -d /srv pacs >out
		! grep -q StateDirectory out || fail "a folder was given"
	done
	service pacs.service User=root
	"$run" systemd --root root pacs >out
	! grep -q StateDirectory out
}

keeps_preload() {
	clear_settings
	service pacs.service 'Environment=A=b "LD_PRELOAD=/usr/lib/other.so"'
	"$run" systemd --root root pacs >out
	case $(value LD_PRELOAD out) in
	*/libdicomtls.so:/usr/lib/other.so) ;;
	*) fail "$(cat out)" ;;
	esac
}

templates() {
	clear_settings
	service storescp@.service
	"$run" systemd --root root --install storescp@11112
	[ -e root/etc/systemd/system/storescp@11112.service.d/dicomtls.conf ]
}

refuses() {
	local status
	clear_settings
	service pacs.service
	cp /sbin/ldconfig root/usr/bin/server
	status=0
	"$run" systemd --root root --install pacs 2>err || status=$?
	[ "$status" -eq 1 ]
	grep -q 'pacs.service: .*statically' err
	[ ! -e root/etc/systemd/system/pacs.service.d ]
	refused "$run" systemd --root root --install none
	refused "$run" systemd --root root ../x
	refused "$run" systemd --root root
	refused "$run" systemd --root root -c x pacs
}

check "it prints a drop-in" prints
check "it installs one, again and again" installs
check "systemd understands it" systemd_takes_it
check "a service of another user gets a folder" other_user
check "preloads of the service are kept" keeps_preload
check "templates" templates
check "what it refuses" refuses
finish
