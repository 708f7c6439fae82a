dnl SPDX-License-Identifier: Apache-2.0
dnl What configure.ac needs beyond Autoconf's own macros.

dnl Linux, or Windows by a cross compiler.
AC_DEFUN([DICOMTLS_SYSTEM], [
AS_CASE([$host_os],
  [linux*], [system=Linux],
  [mingw*], [system=Windows],
  [AC_MSG_ERROR([only Linux and Windows (mingw-w64) are known])])
AM_CONDITIONAL([WINDOWS], [test "x$system" = xWindows])
dnl Preloaded or linked at start, never loaded late: thread variables are static.
SYSTEM_CFLAGS="-fvisibility=hidden -ftls-model=initial-exec"
SYSTEM_LDFLAGS=
AC_SUBST([SYSTEM_CFLAGS])
AC_SUBST([SYSTEM_LDFLAGS])
])

dnl What Linux has, by POSIX's names; the sources are the same.  mingw's own
dnl printf() knows all of C99's words, which its warnings do not.  The libraries
dnl are static: libtool would link none of them into a DLL, so there it is not
dnl told of them.
AC_DEFUN([DICOMTLS_WINDOWS], [
CPPFLAGS="$CPPFLAGS -DWIN32_LEAN_AND_MEAN -D_WIN32_WINNT=0x0A00"
SYSTEM_CFLAGS="-isystem \$(top_srcdir)/shim/win32/posix/include -Wno-format -Wno-attributes"
SYSTEM_LDFLAGS="-static-libgcc -static-libtool-libs"
WINDOWS_LIBS="-l:libwinpthread.a -lmswsock -lws2_32 -liphlpapi -lcrypt32 -lgdi32 -ladvapi32"
OPENSSL_LIBS="$OPENSSL_LIBS $WINDOWS_LIBS"
DLL_LIBS=
for word in $INIH_LIBS $OPENSSL_LIBS; do
  DLL_LIBS="$DLL_LIBS -Wl,$word"
done
AC_SUBST([DLL_LIBS])
AC_SUBST([WINDOWS_LIBS])
])

AC_DEFUN([DICOMTLS_ARG_WERROR], [
AC_ARG_ENABLE([werror],
  [AS_HELP_STRING([--enable-werror], [compiler warnings are errors])],
  [], [enable_werror=no])
])

AC_DEFUN([DICOMTLS_ARG_SANITIZER], [
AC_ARG_ENABLE([sanitizer],
  [AS_HELP_STRING([--enable-sanitizer=KIND],
    [build with -fsanitize=KIND: address, thread, undefined])],
  [], [enable_sanitizer=no])
SANITIZER_FLAGS=
AS_IF([test "x$enable_sanitizer" != xno],
  [SANITIZER_FLAGS="-fsanitize=$enable_sanitizer -fno-omit-frame-pointer"])
AC_SUBST([SANITIZER_FLAGS])
AM_CONDITIONAL([SANITIZED], [test "x$enable_sanitizer" != xno])
])

dnl The sanitizers' runtimes and musl refuse RTLD_DEEPBIND, which keeps the
dnl engine's OpenSSL apart from the program's; a static copy needs none.
AC_DEFUN([DICOMTLS_ARG_STATIC_OPENSSL], [
AC_ARG_ENABLE([static-openssl],
  [AS_HELP_STRING([--enable-static-openssl],
    [link OpenSSL into the engine (default: with a sanitizer)])],
  [], [AS_IF([test "x$enable_sanitizer" != xno],
         [enable_static_openssl=yes], [enable_static_openssl=no])])
])

AC_DEFUN([DICOMTLS_LIB_OPENSSL], [
ENGINE_OPENSSL_LIBS="$OPENSSL_LIBS"
openssl_kind=shared
AS_IF([test "x$enable_static_openssl" = xyes], [
  ENGINE_OPENSSL_LIBS="-l:libssl.a -l:libcrypto.a -Wl,-Bsymbolic -Wl,--exclude-libs,libssl.a:libcrypto.a"
  openssl_kind=static
  AC_DEFINE([STATIC_OPENSSL], [1],
    [Define if OpenSSL is linked into the engine])
])
AC_SUBST([ENGINE_OPENSSL_LIBS])
])

dnl The preload library may need libc alone, so inih is linked statically.
AC_DEFUN([DICOMTLS_LIB_INIH], [
PKG_CHECK_MODULES([INIH], [inih])
INIH_LIBS=$(AS_ECHO(["$INIH_LIBS"]) | $SED 's/-linih/-l:libinih.a/')
AC_CACHE_CHECK([for a static inih], [dicomtls_cv_static_inih], [
  saved_LIBS=$LIBS
  saved_CPPFLAGS=$CPPFLAGS
  LIBS="$INIH_LIBS $LIBS"
  CPPFLAGS="$INIH_CFLAGS $CPPFLAGS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <ini.h>]],
    [[return ini_parse_string("", 0, 0);]])],
    [dicomtls_cv_static_inih=yes], [dicomtls_cv_static_inih=no])
  LIBS=$saved_LIBS
  CPPFLAGS=$saved_CPPFLAGS
])
AS_IF([test "x$dicomtls_cv_static_inih" = xyes],
  [inih_kind=static],
  [AC_MSG_ERROR([libinih.a is missing: the preload library may not depend on a shared libinih (Debian: libinih-dev)])])
dnl Some builds of inih take lines of 200 bytes and no more.
AC_CHECK_DECLS([ini_max_line], [], [], [[#include <ini.h>]])
])

AC_DEFUN([DICOMTLS_WARNINGS], [
WARN_CFLAGS="-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla"
AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])
])
