/* SPDX-License-Identifier: Apache-2.0
 * text: between our UTF-8 and Windows' UTF-16, and between both's errors. */
#include "win32/posix/text.h"

#include <winsock2.h>
#include <windows.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wchar_t *
text_wide(const char *s)
{
	int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, s, -1, NULL,
	    0);
	wchar_t *w;

	if (n <= 0) {
		errno = EINVAL;
		return NULL;
	}
	w = malloc((size_t)n * sizeof *w);
	if (w != NULL)
		MultiByteToWideChar(CP_UTF8, 0, s, -1, w, n);
	else
		errno = ENOMEM;
	return w;
}

wchar_t *
text_path(const char *s)
{
	wchar_t *w = text_wide(s), *c;

	for (c = w; c != NULL && *c != L'\0'; c++)
		if (*c == L'/')
			*c = L'\\';
	return w;
}

char *
text_utf8(const wchar_t *w)
{
	int n = WideCharToMultiByte(CP_UTF8, 0, w, -1, NULL, 0, NULL, NULL);
	char *s = n > 0 ? malloc((size_t)n) : NULL;

	if (s != NULL)
		WideCharToMultiByte(CP_UTF8, 0, w, -1, s, n, NULL, NULL);
	else
		errno = n > 0 ? ENOMEM : EINVAL;
	return s;
}

int
text_errno(unsigned long error)
{
	static const struct {
		unsigned long error;
		int number;
	} map[] = {
		{ ERROR_FILE_NOT_FOUND, ENOENT },
		{ ERROR_PATH_NOT_FOUND, ENOENT },
		{ ERROR_INVALID_NAME, ENOENT }, { ERROR_BAD_PATHNAME, ENOENT },
		{ ERROR_ACCESS_DENIED, EACCES },
		{ ERROR_SHARING_VIOLATION, EACCES },
		{ ERROR_WRITE_PROTECT, EROFS },
		{ ERROR_LOCK_VIOLATION, EWOULDBLOCK },
		{ ERROR_FILE_EXISTS, EEXIST }, { ERROR_ALREADY_EXISTS, EEXIST },
		{ ERROR_DIRECTORY, ENOTDIR }, { ERROR_NOT_SAME_DEVICE, EXDEV },
		{ ERROR_DISK_FULL, ENOSPC }, { ERROR_BUFFER_OVERFLOW,
		    ENAMETOOLONG },
		{ ERROR_NOT_ENOUGH_MEMORY, ENOMEM }, { ERROR_OUTOFMEMORY,
		    ENOMEM },
		{ ERROR_INVALID_PARAMETER, EINVAL },
		{ ERROR_NOT_SUPPORTED, ENOSYS },
		{ WSAEWOULDBLOCK, EAGAIN }, { WSAECONNRESET, ECONNRESET },
		{ WSAECONNABORTED, ECONNABORTED }, { WSAESHUTDOWN, EPIPE },
		{ WSAETIMEDOUT, ETIMEDOUT }, { WSAECONNREFUSED, ECONNREFUSED },
		{ WSAENETUNREACH, ENETUNREACH }, { WSAEHOSTUNREACH,
		    EHOSTUNREACH },
		{ WSAENETRESET, ECONNRESET }, { WSAEACCES, EACCES },
		{ WSAEADDRINUSE, EADDRINUSE }, { WSAEINTR, EINTR },
		{ WSAENOTSOCK, ENOTSOCK }, { WSAENOTCONN, ENOTCONN },
		{ WSAENOBUFS, ENOBUFS }, { WSAEINVAL, EINVAL },
		{ WSAEADDRNOTAVAIL, EADDRNOTAVAIL },
	};
	size_t i;

	for (i = 0; i < sizeof map / sizeof map[0]; i++)
		if (map[i].error == error)
			return map[i].number;
	return EIO;
}

const char *
text_error(unsigned long error, char *buf, size_t size)
{
	wchar_t wide[256];
	char *narrow = NULL;
	DWORD n = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM |
	    FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, wide,
	    sizeof wide / sizeof wide[0], NULL);

	while (n > 0 && wcschr(L"\r\n. ", wide[n - 1]) != NULL)
		wide[--n] = L'\0';
	if (n > 0)
		narrow = text_utf8(wide);
	snprintf(buf, size, "%s (%lu)", narrow != NULL ? narrow : "error",
	    error);
	free(narrow);
	return buf;
}
