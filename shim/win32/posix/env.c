/* SPDX-License-Identifier: Apache-2.0
 * env: the environment and the current folder, in UTF-8. */
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "win32/posix/text.h"

static char *none[] = { NULL };
char **posix_environ = none;

static size_t
count(const wchar_t *block)
{
	size_t n = 0;

	for (; *block != L'\0'; block += wcslen(block) + 1)
		n++;
	return n;
}

static void __attribute__((constructor))
take(void)
{
	wchar_t *block = GetEnvironmentStringsW(), *w = block;
	char **list = block != NULL ? calloc(count(block) + 1, sizeof *list) :
	    NULL;
	size_t n = 0;

	for (; list != NULL && *w != L'\0'; w += wcslen(w) + 1) {
		list[n] = text_utf8(w);
		n += list[n] != NULL;
	}
	if (list != NULL)
		posix_environ = list;
	FreeEnvironmentStringsW(block);
}

/* Names have no case. */
char *
secure_getenv(const char *name)
{
	size_t len = strlen(name);
	char **e;

	for (e = posix_environ; *e != NULL; e++)
		if (_strnicmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

/* For this process and those it starts. */
int
setenv(const char *name, const char *value, int replace)
{
	char *old = secure_getenv(name), *line, **list;
	wchar_t *n, *v;
	size_t size = strlen(name) + strlen(value) + 2, i;

	if (old != NULL && !replace)
		return 0;
	for (i = 0; posix_environ[i] != NULL; i++)
		if (old != NULL && posix_environ[i] + strlen(name) + 1 == old)
			break;
	line = malloc(size);
	list = calloc(i + 2, sizeof *list);
	n = text_wide(name);
	v = text_wide(value);
	if (line == NULL || list == NULL || n == NULL || v == NULL)
		return -1;
	snprintf(line, size, "%s=%s", name, value);
	SetEnvironmentVariableW(n, v);
	free(n);
	free(v);
	if (posix_environ[i] != NULL) {
		posix_environ[i] = line;
		free(list);
		return 0;
	}
	memcpy(list, posix_environ, i * sizeof *list);
	list[i] = line;
	posix_environ = list;
	return 0;
}

char *
posix_getcwd(char *buf, size_t size)
{
	wchar_t wide[4096];
	char *s = NULL, *c;
	DWORD n = GetCurrentDirectoryW(4096, wide);
	int len = -1;

	if (n > 0 && n < 4096)
		s = text_utf8(wide);
	for (c = s; c != NULL && *c != '\0'; c++)
		if (*c == '\\')
			*c = '/';
	if (s != NULL)
		len = snprintf(buf, size, "%s", s);
	free(s);
	return len > 0 && (size_t)len < size ? buf : NULL;
}
