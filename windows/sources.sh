# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# sources: what Debian has as source alone for Windows, fetched and built once,
# kept in a folder of its own.  Sourced; the functions are for windows/part,
# which runs them under set -e.
# shellcheck disable=SC2034,SC2164

cache=${DICOMTLS_WINDOWS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dicomtls-windows}
host=x86_64-w64-mingw32
prefix=$cache/$host
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# The suite behind Debian 12, for what its own mirror has lost.
later=trixie

# source_entries SUITE: where the machine's own apt says that Debian is, as
# lines for sources; "own" is the machine's own release.
source_entries() {
	if [ "$1" = own ]; then
		apt-get indextargets --format \
			'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
			'Created-By: Packages' 'Origin: Debian' | sort -u
	else
		apt-get indextargets --format '$(REPO_URI)' \
			'Created-By: Packages' 'Label: Debian' | sort -u |
			sed -n "1s|.*|deb-src & $1 main|p"
	fi
}

# source_apt SUITE COMMAND ...: with lists and folders of our own: the
# machine's apt is left as it is, and needs no source entries.
source_apt() {
	local suite=$1 lists=$cache/apt/$1
	shift
	mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
	if [ ! -s "$lists/sources.list" ]; then
		source_entries "$suite" >"$lists/sources.list"
	fi
	apt-get -q -o "Dir::Etc::SourceList=$lists/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o "Dir::State::Lists=$lists/lists" \
		-o "Dir::Cache=$lists/cache" \
		-o APT::Sandbox::User=root "$@"
}

# fetched SUITE PACKAGE: the tarball of its source, into the working directory.
# apt checks it against Debian's signature.  The tarball alone: the .dsc of a
# security update may have left the mirror already.  Lists that are not new may
# name what is gone.  One at a time: apt locks its lists.
fetched() {
	local get=(source_apt "$1" source --download-only --tar-only "$2")
	mkdir -p "$cache/apt"
	(
		flock 9
		[ -e "$cache/apt/$1/updated" ] && "${get[@]}" && exit
		source_apt "$1" update || exit
		: >"$cache/apt/$1/updated"
		"${get[@]}"
	) 9>"$cache/apt/lock"
}

# A source that cannot be had is a reason to skip, a compiler's error is none.
absent=77

# unpacked PACKAGE [SUITE]: fetches Debian's source of PACKAGE and unpacks it
# into $cache/src/PACKAGE; from SUITE if the machine's own release has lost it.
unpacked() {
	local package=$1 to=$cache/src/$1 tar=$cache/tar/$1 tarball
	[ ! -d "$to" ] || return 0
	mkdir -p "$tar" "$cache/src"
	ls "$tar"/*.orig.tar.* >/dev/null 2>&1 ||
		(cd "$tar" && fetched own "$package") ||
		{ [ $# -gt 1 ] && (cd "$tar" && fetched "$2" "$package"); } || {
		echo "Debian's source package $package cannot be had by apt:" \
			"see the lines above"
		return $absent
	}
	tarball=$(find "$tar" -name '*.orig.tar.*' ! -name '*.asc' | sort |
		tail -n 1)
	rm -rf "$to.part"
	mkdir -p "$to.part"
	tar -xf "$tarball" -C "$to.part" --strip-components=1
	mv "$to.part" "$to"
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

# One file.  The length of a line is what shim/policy/confile.c allows; Debian's
# own package has a variable for it.
build_inih() {
	unpacked libinih "$later"
	cd "$cache/src/libinih"
	"$host-gcc" -O2 -DINI_MAX_LINE=8192 -c ini.c -o ini.o
	"$host-ar" rcs "$prefix/lib/libinih.a" ini.o
	cp ini.h "$prefix/include/"
	cat >"$prefix/lib/pkgconfig/inih.pc" <<-END
	Name: inih
	Description: INI files
	Version: $(sed -n "s/^ *version *: *'\(.*\)',*/\1/p" meson.build)
	Libs: -L$prefix/lib -linih
	Cflags: -I$prefix/include
	END
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
