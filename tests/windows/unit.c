/* SPDX-License-Identifier: Apache-2.0
 * unit: what the unit tests need of POSIX, for those that run under Wine. */
#include "unit.h"

#include <windows.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

char *
mkdtemp(char *pattern)
{
	static unsigned count;
	size_t len = strlen(pattern);
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(pattern + len - 6, 7, "%06x", (unsigned)
		    (GetTickCount() * 1009 + GetCurrentProcessId() + ++count) &
		    0xffffff);
		if (mkdir(pattern, 0700) == 0)
			return pattern;
	}
	return NULL;
}

int
unsetenv(const char *name)
{
	return setenv(name, "", 1);
}

static void
remove_all(const char *path)
{
	struct stat st;
	struct dirent *e;
	char inner[1024];
	DIR *dir;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		DeleteFileA(path);
		return;
	}
	dir = opendir(path);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
		remove_all(inner);
	}
	if (dir != NULL)
		closedir(dir);
	RemoveDirectoryA(path);
}

int
unit_system(const char *command)
{
	char path[256];

	if (sscanf(command, "rm -rf '%255[^']'", path) != 1)
		return 1;
	remove_all(path);
	return 0;
}

/* A test may resolve names without a socket of its own. */
static void __attribute__((constructor))
begin(void)
{
	WSADATA data;

	_fmode = _O_BINARY;
	WSAStartup(MAKEWORD(2, 2), &data);
}
