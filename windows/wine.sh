# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# wine: a Wine of our own, in a folder of its own, ended by its own server.
# Sourced.  Output of what runs under it goes to files: a pipe would stay open
# as long as one of Wine's background processes lives.

WINE=/usr/lib/wine/wine64
WINESERVER=/usr/lib/wine/wineserver64
export WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all}
export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
unset DISPLAY WAYLAND_DISPLAY

# wine_begin FOLDER: makes the prefix there if it is missing.  The server stays
# until wine_end: by itself it ends with the last program, and the next one may
# meet it in its last moment and fail.
wine_begin() {
	export WINEPREFIX=$1
	if [ ! -e "$1/system.reg" ]; then
		mkdir -p "$1"
		"$WINE" wineboot -i >"$1/wineboot.log" 2>&1 </dev/null
		# Some programs look for what they know as Windows.
		"$WINE" reg add 'HKCU\Software\Wine' /v Version /d win10 /f \
			>>"$1/wineboot.log" 2>&1 </dev/null
		"$WINESERVER" -w
	fi
	"$WINESERVER" -p >/dev/null 2>&1 </dev/null
}

wine_end() {
	"$WINESERVER" -k || true
	"$WINESERVER" -w || true
}
