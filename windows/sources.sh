# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# sources: what Debian has as source alone for Windows, fetched and built once,
# kept in a folder of its own.  Sourced by the other scripts.  built() runs the
# functions under set -e.
# shellcheck disable=SC2164

cache=${DICOMTLS_WINDOWS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dicomtls-windows}
host=x86_64-w64-mingw32
prefix=$cache/$host
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# Our own lists and folders: the machine's apt is left as it is, and needs no
# source entries of its own.
source_apt() {
	local lists=$cache/apt
	mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
	if [ ! -e "$lists/sources.list" ]; then
		apt-get indextargets --format \
			'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
			'Created-By: Packages' 'Origin: Debian' | sort -u \
			>"$lists/sources.list"
	fi
	apt-get -q -o "Dir::Etc::SourceList=$lists/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o "Dir::State::Lists=$lists/lists" \
		-o "Dir::Cache=$lists/cache" \
		-o APT::Sandbox::User=root "$@"
}

# unpacked PACKAGE: fetches Debian's source of PACKAGE (apt checks it against
# Debian's signature) and unpacks it into $cache/src/PACKAGE.  The tarball
# alone: the .dsc of a security update may have left the mirror already.
unpacked() {
	local package=$1 to=$cache/src/$1 tarball
	[ ! -d "$to" ] || return 0
	mkdir -p "$cache/tar/$package" "$cache/src"
	(
		cd "$cache/tar/$package"
		ls ./*.orig.tar.* >/dev/null 2>&1 || {
			source_apt update
			source_apt source --download-only --tar-only "$package"
		}
	)
	tarball=$(find "$cache/tar/$package" -name '*.orig.tar.*' \
		! -name '*.asc' | sort | tail -n 1)
	rm -rf "$to.part"
	mkdir -p "$to.part"
	tar -xf "$tarball" -C "$to.part" --strip-components=1
	mv "$to.part" "$to"
}

# built NAME: runs build_NAME once; done means that it came to its end.
built() {
	[ ! -e "$prefix/done/$1" ] || return 0
	mkdir -p "$prefix/done" "$prefix/include" "$prefix/lib/pkgconfig"
	(set -e; "build_$1")
	touch "$prefix/done/$1"
}

# What Debian's OpenSSL is: security level 2.  No openssl.cnf is read: on
# Windows its place can be written by others, and every setting is made
# explicitly anyway.
build_openssl() {
	unpacked openssl
	cd "$cache/src/openssl"
	./Configure mingw64 "--cross-compile-prefix=$host-" \
		"--prefix=$prefix" --libdir=lib no-shared no-tests no-engine \
		no-dso no-module no-legacy no-comp no-autoload-config \
		no-ui-console no-cmp no-cms no-ts no-srp no-psk no-idea \
		no-seed no-camellia no-aria no-bf no-cast no-md4 no-rmd160 \
		no-mdc2 no-whirlpool no-sm2 no-sm3 no-sm4 no-gost no-dtls \
		no-ct no-ocsp no-srtp no-sctp no-rc2 no-rc4 no-scrypt \
		-DOPENSSL_TLS_SECURITY_LEVEL=2 -O2
	make -j "$jobs" build_libs
	make install_dev
}

build_jansson() {
	unpacked jansson
	cd "$cache/src/jansson"
	[ -x configure ] || autoreconf -fi
	./configure "--host=$host" "--prefix=$prefix" --disable-shared
	make -j "$jobs" -C src
	make -C src install
	make install-pkgconfigDATA
}

# The framework of the unit tests; Windows has no fork(), so they run in one
# process.
build_check() {
	unpacked check
	cd "$cache/src/check"
	[ -x configure ] || autoreconf -fi
	./configure "--host=$host" "--prefix=$prefix" --disable-shared \
		--disable-subunit --disable-build-docs --enable-fork=no \
		ac_cv_header_regex_h=no ac_cv_func_regcomp=no ac_cv_func_regexec=no
	make -j "$jobs" -C lib
	make -j "$jobs" -C src libcheck.la
	make -C src install-libLTLIBRARIES install-data
	cp check_stdint.h "$prefix/include/"
	make install-pcdataDATA
}
