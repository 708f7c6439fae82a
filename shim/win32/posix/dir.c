/* SPDX-License-Identifier: Apache-2.0
 * dir: readdir(3) over FindFirstFileW. */
#include <winsock2.h>
#include <windows.h>

#include <dirent.h>
#include <errno.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "win32/posix/text.h"

struct posix_dir {
	HANDLE find;
	WIN32_FIND_DATAW found;
	int more;		/* found holds what comes next */
	struct dirent entry;
};

/* Takes PATH. */
static DIR *
open_wide(wchar_t *path)
{
	wchar_t pattern[4096];
	DIR *dir = calloc(1, sizeof *dir);

	if (dir == NULL || _snwprintf(pattern, 4096, L"%ls\\*", path) < 0)
		goto none;
	dir->find = FindFirstFileW(pattern, &dir->found);
	if (dir->find == INVALID_HANDLE_VALUE) {
		errno = text_errno(GetLastError());
		goto none;
	}
	dir->more = 1;
	free(path);
	return dir;
none:
	free(dir);
	free(path);
	return NULL;
}

DIR *
opendir(const char *path)
{
	wchar_t *w = text_path(path);

	return w != NULL ? open_wide(w) : NULL;
}

DIR *
fdopendir(int fd)
{
	HANDLE h = (HANDLE)_get_osfhandle(fd);
	DWORD n = GetFinalPathNameByHandleW(h, NULL, 0, 0);
	wchar_t *path = n > 0 ? malloc((n + 1) * sizeof *path) : NULL;
	DIR *dir;

	if (path == NULL)
		return NULL;
	GetFinalPathNameByHandleW(h, path, n + 1, 0);
	dir = open_wide(path);
	if (dir != NULL)
		close(fd);
	return dir;
}

struct dirent *
readdir(DIR *dir)
{
	if (!dir->more)
		return NULL;
	WideCharToMultiByte(CP_UTF8, 0, dir->found.cFileName, -1,
	    dir->entry.d_name, sizeof dir->entry.d_name, NULL, NULL);
	dir->more = FindNextFileW(dir->find, &dir->found);
	return &dir->entry;
}

int
closedir(DIR *dir)
{
	FindClose(dir->find);
	free(dir);
	return 0;
}
