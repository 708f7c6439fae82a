/* SPDX-License-Identifier: Apache-2.0
 * file: the calls that open files and folders, over CreateFileW. */
#include "win32/posix/owner.h"
#include "win32/posix/text.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* A virus scanner may hold a new file for a moment. */
enum { TRIES = 50, PAUSE_MS = 20 };

static int
fail(void)
{
	errno = text_errno(GetLastError());
	return -1;
}

/* Names beside a folder ---------------------------------------------------- */

static wchar_t *
folder_of(int dir)
{
	HANDLE h = (HANDLE)_get_osfhandle(dir);
	DWORD n = GetFinalPathNameByHandleW(h, NULL, 0, 0);
	wchar_t *w = n > 0 ? malloc((n + 1) * sizeof *w) : NULL;

	if (w == NULL)
		errno = EBADF;
	else
		GetFinalPathNameByHandleW(h, w, n + 1, 0);
	return w;
}

static int
is_absolute(const wchar_t *name)
{
	return name[0] == L'\\' || (name[0] != L'\0' && name[1] == L':');
}

/* The path of NAME in the folder DIR, allocated; NULL with errno. */
static wchar_t *
path_at(int dir, const char *name)
{
	wchar_t *w = text_path(name), *folder, *path;
	size_t size;

	if (w == NULL || dir == AT_FDCWD || is_absolute(w))
		return w;
	folder = folder_of(dir);
	size = folder != NULL ? wcslen(folder) + wcslen(w) + 2 : 0;
	path = folder != NULL ? malloc(size * sizeof *path) : NULL;
	if (path != NULL && wcscmp(w, L".") == 0)
		wcscpy(path, folder);
	else if (path != NULL)
		_snwprintf(path, size, L"%ls\\%ls", folder, w);
	free(folder);
	free(w);
	return path;
}

/* Opening ------------------------------------------------------------------ */

static DWORD
access_of(int flags)
{
	int mode = flags & (O_RDONLY | O_WRONLY | O_RDWR);
	DWORD write = flags & O_APPEND ? FILE_APPEND_DATA | SYNCHRONIZE |
	    FILE_READ_ATTRIBUTES : GENERIC_WRITE;

	if (mode == O_RDONLY)
		return GENERIC_READ;
	return mode == O_WRONLY ? write : write | GENERIC_READ;
}

static DWORD
disposition_of(int flags)
{
	if (flags & O_CREAT)
		return flags & O_EXCL ? CREATE_NEW : flags & O_TRUNC ?
		    CREATE_ALWAYS : OPEN_ALWAYS;
	return flags & O_TRUNC ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

/* What CreateFileW cannot be told to refuse. */
static int
acceptable(HANDLE h, int flags)
{
	BY_HANDLE_FILE_INFORMATION info;

	if (GetFileType(h) != FILE_TYPE_DISK)
		return flags & O_DIRECTORY ? ENOTDIR : 0;
	if (!GetFileInformationByHandle(h, &info))
		return text_errno(GetLastError());
	if ((flags & O_NOFOLLOW) &&
	    (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
		return ELOOP;
	if ((flags & O_DIRECTORY) &&
	    !(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
		return ENOTDIR;
	return 0;
}

static int
descriptor(HANDLE h, int flags)
{
	int crt = _O_NOINHERIT | _O_BINARY | (flags & (O_RDONLY | O_WRONLY |
	    O_RDWR | O_APPEND)), fd = -1, error = acceptable(h, flags);

	if (error == 0)
		fd = _open_osfhandle((intptr_t)h, crt);
	if (fd < 0) {
		CloseHandle(h);
		errno = error != 0 ? error : EMFILE;
	}
	return fd;
}

static int
open_wide(const wchar_t *path, int flags, unsigned mode)
{
	SECURITY_ATTRIBUTES sa = { .nLength = sizeof sa };
	DWORD attributes = FILE_FLAG_BACKUP_SEMANTICS;
	HANDLE h;

	if ((flags & O_CREAT) && (mode & 077) == 0 &&
	    owner_private(&sa, 0) < 0) {
		errno = EACCES;
		return -1;
	}
	if (flags & O_NOFOLLOW)
		attributes |= FILE_FLAG_OPEN_REPARSE_POINT;
	h = CreateFileW(path, access_of(flags), SHARE_ALL, &sa,
	    disposition_of(flags), attributes, NULL);
	LocalFree(sa.lpSecurityDescriptor);
	return h == INVALID_HANDLE_VALUE ? fail() : descriptor(h, flags);
}

int
openat(int dir, const char *name, int flags, ...)
{
	wchar_t *path = path_at(dir, name);
	unsigned mode = 0;
	va_list ap;
	int fd;

	if (path == NULL)
		return -1;
	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, unsigned);
	va_end(ap);
	fd = open_wide(path, flags, mode);
	free(path);
	return fd;
}

int
posix_open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, unsigned);
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

FILE *
posix_fopen(const char *path, const char *mode)
{
	wchar_t *p = text_path(path), *m = text_wide(mode);
	FILE *f = p != NULL && m != NULL ? _wfopen(p, m) : NULL;

	free(p);
	free(m);
	return f;
}

int
posix_mkdir(const char *path, unsigned mode)
{
	SECURITY_ATTRIBUTES sa = { .nLength = sizeof sa };
	wchar_t *w = text_path(path);
	int made;

	if (w == NULL)
		return -1;
	/* "C:" exists although nobody can make it. */
	if (wcslen(w) == 2 && w[1] == L':') {
		free(w);
		errno = EEXIST;
		return -1;
	}
	if ((mode & 077) == 0 && owner_private(&sa, 1) < 0) {
		free(w);
		errno = EACCES;
		return -1;
	}
	made = CreateDirectoryW(w, &sa);
	LocalFree(sa.lpSecurityDescriptor);
	free(w);
	return made ? 0 : fail();
}

/* Looking ------------------------------------------------------------------ */

static struct timespec
time_of(ULONGLONG t)
{
	const ULONGLONG second = 10000000, epoch = 11644473600;

	return (struct timespec){ .tv_sec = (time_t)(t / second - epoch),
		.tv_nsec = (long)(t % second * 100) };
}

static unsigned
type_of(DWORD attributes)
{
	if (attributes & FILE_ATTRIBUTE_REPARSE_POINT)
		return S_IFLNK;
	return attributes & FILE_ATTRIBUTE_DIRECTORY ? S_IFDIR | S_IRWXU :
	    S_IFREG | S_IRUSR | S_IWUSR;
}

static int
stat_handle(HANDLE h, struct posix_stat *st)
{
	BY_HANDLE_FILE_INFORMATION info;
	FILE_BASIC_INFO basic;
	DWORD type = GetFileType(h);

	memset(st, 0, sizeof *st);
	st->st_uid = POSIX_ME;
	if (type != FILE_TYPE_DISK) {
		st->st_mode = type == FILE_TYPE_PIPE ? S_IFIFO : S_IFCHR;
		return type == FILE_TYPE_UNKNOWN ? fail() : 0;
	}
	if (!GetFileInformationByHandle(h, &info) ||
	    !GetFileInformationByHandleEx(h, FileBasicInfo, &basic,
	    sizeof basic))
		return fail();
	st->st_dev = info.dwVolumeSerialNumber;
	st->st_ino = (unsigned long long)info.nFileIndexHigh << 32 |
	    info.nFileIndexLow;
	st->st_size = (long long)info.nFileSizeHigh << 32 | info.nFileSizeLow;
	st->st_mode = type_of(info.dwFileAttributes);
	st->st_mtim = time_of((ULONGLONG)basic.LastWriteTime.QuadPart);
	st->st_ctim = time_of((ULONGLONG)basic.ChangeTime.QuadPart);
	st->st_mtime = st->st_mtim.tv_sec;
	owner_look(h, st);
	return 0;
}

int
posix_fstat(int fd, struct posix_stat *st)
{
	HANDLE h = (HANDLE)_get_osfhandle(fd);

	if (h != INVALID_HANDLE_VALUE)
		return stat_handle(h, st);
	errno = EBADF;
	return -1;
}

int
posix_fstatat(int dir, const char *name, struct posix_stat *st, int flags)
{
	wchar_t *path = path_at(dir, name);
	HANDLE h;
	int rc;

	if (path == NULL)
		return -1;
	h = CreateFileW(path, FILE_READ_ATTRIBUTES | READ_CONTROL, SHARE_ALL,
	    NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS |
	    (flags & AT_SYMLINK_NOFOLLOW ? FILE_FLAG_OPEN_REPARSE_POINT : 0),
	    NULL);
	free(path);
	if (h == INVALID_HANDLE_VALUE)
		return fail();
	rc = stat_handle(h, st);
	CloseHandle(h);
	return rc;
}

int
posix_stat(const char *path, struct posix_stat *st)
{
	return posix_fstatat(AT_FDCWD, path, st, 0);
}

int
posix_lstat(const char *path, struct posix_stat *st)
{
	return posix_fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

int
faccessat(int dir, const char *name, int mode, int flags)
{
	struct posix_stat st;

	(void)mode;
	return posix_fstatat(dir, name, &st, flags);
}

/* Names -------------------------------------------------------------------- */

static int
move(const wchar_t *from, const wchar_t *to, DWORD flags)
{
	DWORD error;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (MoveFileExW(from, to, flags))
			return 0;
		error = GetLastError();
		if (error != ERROR_ACCESS_DENIED &&
		    error != ERROR_SHARING_VIOLATION)
			break;
		if (GetFileAttributesW(from) == INVALID_FILE_ATTRIBUTES)
			break;
		Sleep(PAUSE_MS);
	}
	return fail();
}

int
renameat2(int olddir, const char *from, int newdir, const char *to,
    unsigned flags)
{
	wchar_t *a = path_at(olddir, from), *b = path_at(newdir, to);
	int rc = -1;

	if (a != NULL && b != NULL)
		rc = move(a, b, MOVEFILE_WRITE_THROUGH |
		    (flags & RENAME_NOREPLACE ? 0 : MOVEFILE_REPLACE_EXISTING));
	free(a);
	free(b);
	return rc;
}

int
renameat(int olddir, const char *from, int newdir, const char *to)
{
	return renameat2(olddir, from, newdir, to, 0);
}

int
posix_rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
linkat(int olddir, const char *from, int newdir, const char *to, int flags)
{
	wchar_t *a = path_at(olddir, from), *b = path_at(newdir, to);
	int rc = -1;

	(void)flags;
	if (a != NULL && b != NULL)
		rc = CreateHardLinkW(b, a, NULL) ? 0 : fail();
	free(a);
	free(b);
	return rc;
}

int
unlinkat(int dir, const char *name, int flags)
{
	wchar_t *path = path_at(dir, name);
	int rc;

	(void)flags;
	if (path == NULL)
		return -1;
	rc = DeleteFileW(path) ? 0 : fail();
	free(path);
	return rc;
}

int
posix_unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

/* Descriptors -------------------------------------------------------------- */

/* Windows writes a folder's names through by itself. */
int
fsync(int fd)
{
	struct posix_stat st;

	if (posix_fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return FlushFileBuffers((HANDLE)_get_osfhandle(fd)) ? 0 : fail();
}

/* The file got its ACL when it was made. */
int
posix_fchmod(int fd, unsigned mode)
{
	(void)fd;
	(void)mode;
	return 0;
}
