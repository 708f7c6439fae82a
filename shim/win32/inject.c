/* SPDX-License-Identifier: Apache-2.0
 * inject: the DLL gets into a process that has not begun. */
#include "win32/inject.h"

#include <errno.h>
#include <wchar.h>

#include "win32/posix/text.h"

enum { WAIT_MS = 60000 };

static int
system_error(struct fail *f, const char *what)
{
	char text[300];

	fail_set(f, REASON_ENGINE, "%s: %s", what, text_error(GetLastError(),
	    text, sizeof text));
	return -EACCES;
}

/* kernel32 lies at one address in all processes of a machine type. */
static int
same_type(HANDLE process, struct fail *f)
{
	BOOL theirs = FALSE, ours = FALSE;

	IsWow64Process(process, &theirs);
	IsWow64Process(GetCurrentProcess(), &ours);
	if (theirs == ours)
		return 0;
	fail_set(f, REASON_ENGINE, "the program is a 32-bit one, and this "
	    "dicomtls is for 64-bit programs");
	return -ENOEXEC;
}

/* The address of a copy of PATH over there, or NULL. */
static void *
copy_path(HANDLE process, const wchar_t *path)
{
	size_t size = (wcslen(path) + 1) * sizeof *path;
	void *there = VirtualAllocEx(process, NULL, size, MEM_COMMIT |
	    MEM_RESERVE, PAGE_READWRITE);

	if (there != NULL && !WriteProcessMemory(process, there, path, size,
	    NULL)) {
		VirtualFreeEx(process, there, 0, MEM_RELEASE);
		there = NULL;
	}
	return there;
}

static int
load(HANDLE process, void *path, struct fail *f)
{
	HANDLE thread = CreateRemoteThread(process, NULL, 0,
	    (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(
	    GetModuleHandleW(L"kernel32"), "LoadLibraryW"), path, 0, NULL);
	DWORD loaded = 0;

	if (thread == NULL)
		return system_error(f, "no thread can be started in the "
		    "program");
	if (WaitForSingleObject(thread, WAIT_MS) == WAIT_OBJECT_0)
		GetExitCodeThread(thread, &loaded);
	CloseHandle(thread);
	if (loaded != 0)
		return 0;
	fail_set(f, REASON_ENGINE, "dicomtls.dll could not be loaded into the "
	    "program: its own line above tells why; without one a file of it "
	    "may be missing, or something forbids it (a virus scanner)");
	return -EACCES;
}

int
inject_dll(HANDLE process, const wchar_t *path, struct fail *f)
{
	void *there;
	int r = same_type(process, f);

	if (r < 0)
		return r;
	there = copy_path(process, path);
	if (there == NULL)
		return system_error(f, "the program's memory cannot be "
		    "written");
	r = load(process, there, f);
	VirtualFreeEx(process, there, 0, MEM_RELEASE);
	return r;
}
