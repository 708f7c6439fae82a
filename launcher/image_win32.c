/* SPDX-License-Identifier: Apache-2.0
 * image: what machine a program file is for; Windows. */
#include "image_win32.h"

#include <winsock2.h>
#include <windows.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "win32/posix/text.h"

struct coff {
	DWORD signature;
	IMAGE_FILE_HEADER header;
};

static bool
read_at(HANDLE h, LONG at, void *buf, DWORD size)
{
	DWORD n = 0;

	return SetFilePointer(h, at, NULL, FILE_BEGIN) !=
	    INVALID_SET_FILE_POINTER && ReadFile(h, buf, size, &n, NULL) &&
	    n == size;
}

/* Windows starts these by cmd.exe, which is of the right kind. */
static bool
is_script(const wchar_t *path)
{
	const wchar_t *end = wcsrchr(path, L'.');

	return end != NULL && (_wcsicmp(end, L".bat") == 0 ||
	    _wcsicmp(end, L".cmd") == 0);
}

static int
judge(HANDLE h, struct fail *f)
{
	IMAGE_DOS_HEADER dos;
	struct coff coff;

	if (!read_at(h, 0, &dos, sizeof dos) ||
	    dos.e_magic != IMAGE_DOS_SIGNATURE ||
	    !read_at(h, dos.e_lfanew, &coff, sizeof coff) ||
	    coff.signature != IMAGE_NT_SIGNATURE) {
		fail_set(f, REASON_ENGINE, "it is no program of Windows': name "
		    "the program that runs it in front of it");
		return -ENOEXEC;
	}
	if (coff.header.Machine == IMAGE_FILE_MACHINE_AMD64)
		return 0;
	fail_set(f, REASON_ENGINE, coff.header.Machine ==
	    IMAGE_FILE_MACHINE_I386 ? "it is a 32-bit program, and this "
	    "dicomtls is for 64-bit programs: use the program's 64-bit "
	    "edition" : "it is for another machine (type 0x%04x), and this "
	    "dicomtls is for x86-64", coff.header.Machine);
	return -ENOEXEC;
}

int
image_fits(const wchar_t *path, struct fail *f)
{
	char text[300];
	DWORD error;
	HANDLE h;
	int r;

	if (is_script(path))
		return 0;
	h = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ |
	    FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
	if (h == INVALID_HANDLE_VALUE) {
		error = GetLastError();
		fail_set(f, REASON_ENGINE, "it cannot be read: %s",
		    text_error(error, text, sizeof text));
		return -text_errno(error);
	}
	r = judge(h, f);
	CloseHandle(h);
	return r;
}
