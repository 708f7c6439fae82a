/* SPDX-License-Identifier: Apache-2.0
 * sink: where lines of the log go; Windows. */
#include "base/sink.h"

#include <winsock2.h>
#include <windows.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "win32/posix/text.h"

/* The standard error handle is no number that is given again. */
bool
sink_begin(void)
{
	return true;
}

static void
put(HANDLE h, const char *text, size_t len)
{
	DWORD n;

	WriteFile(h, text, (DWORD)len, &n, NULL);
}

/* Files are UTF-8; a console has a code page, and takes UTF-16. */
static void
put_console(HANDLE h, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	wchar_t *wide = copy != NULL ? text_wide(copy) : NULL;
	DWORD n;

	if (wide == NULL || !WriteConsoleW(h, wide, (DWORD)wcslen(wide), &n,
	    NULL))
		put(h, text, len);
	free(wide);
	free(copy);
}

void
sink_stderr(const char *text, size_t len)
{
	HANDLE h = GetStdHandle(STD_ERROR_HANDLE);
	DWORD mode;

	if (h == NULL || h == INVALID_HANDLE_VALUE)
		return;
	if (GetConsoleMode(h, &mode))
		put_console(h, text, len);
	else
		put(h, text, len);
}

bool
sink_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	write(fd, text, (unsigned)len);
	close(fd);
	return true;
}

void
sink_system(enum log_level level, const char *text, size_t len)
{
	HANDLE log = RegisterEventSourceW(NULL, L"dicomtls");
	char *copy = strndup(text, len);
	wchar_t *wide = copy != NULL ? text_wide(copy) : NULL;
	const wchar_t *strings[] = { wide };

	if (log != NULL && wide != NULL)
		ReportEventW(log, level == LOG_LEVEL_ERROR ?
		    EVENTLOG_ERROR_TYPE : level == LOG_LEVEL_WARN ?
		    EVENTLOG_WARNING_TYPE : EVENTLOG_INFORMATION_TYPE, 0, 1,
		    NULL, 1, 0, strings, NULL);
	if (log != NULL)
		DeregisterEventSource(log);
	free(wide);
	free(copy);
}
