/* SPDX-License-Identifier: Apache-2.0
 * become: running a program with our library in it; Windows, a suspended
 * child into which the DLL is loaded. */
#include "become.h"

#include <winsock2.h>
#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "command.h"
#include "image_win32.h"
#include "win32/inject.h"
#include "win32/posix/text.h"

enum { PATHS = 4096 };

static wchar_t dll[PATHS];

/* It lies beside this launcher. */
int
become_prepare(void)
{
	DWORD n = GetModuleFileNameW(NULL, dll, PATHS);
	wchar_t *slash = n > 0 && n < PATHS - 16 ? wcsrchr(dll, L'\\') : NULL;

	if (slash != NULL)
		wcscpy(slash + 1, L"dicomtls.dll");
	if (slash != NULL &&
	    GetFileAttributesW(dll) != INVALID_FILE_ATTRIBUTES)
		return 0;
	say("dicomtls.dll is not beside dicomtls.exe: unpack both into one "
	    "folder");
	return EXIT_UNFIT;
}

/* The command line ------------------------------------------------------------
 * It goes on as it was written: each program takes its own apart, and quotes
 * that were put anew would be others. */

/* Behind the word at W, as CommandLineToArgvW takes words. */
static const wchar_t *
skip_word(const wchar_t *w)
{
	bool quoted = false;
	size_t back = 0;

	for (; *w != L'\0' && (quoted || (*w != L' ' && *w != L'\t')); w++) {
		if (*w == L'"' && back % 2 == 0)
			quoted = !quoted;
		back = *w == L'\\' ? back + 1 : 0;
	}
	return w + wcsspn(w, L" \t");
}

/* The first word, a program's name, knows no backslash before a quote. */
static const wchar_t *
skip_name(const wchar_t *w)
{
	if (*w == L'"') {
		for (w++; *w != L'\0' && *w != L'"'; w++)
			continue;
		w += *w == L'"';
	}
	w += wcscspn(w, L" \t");
	return w + wcsspn(w, L" \t");
}

/* Allocated: CreateProcessW may write to it. */
static wchar_t *
line_from(int word)
{
	const wchar_t *w = skip_name(GetCommandLineW());

	while (--word > 0)
		w = skip_word(w);
	return wcsdup(w);
}

/* The child -------------------------------------------------------------------- */

/* Whoever ends the launcher ends the program. */
static HANDLE
new_job(void)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = { 0 };
	HANDLE job = CreateJobObjectW(NULL, NULL);

	limit.BasicLimitInformation.LimitFlags =
	    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
	SetInformationJobObject(job, JobObjectExtendedLimitInformation,
	    &limit, sizeof limit);
	return job;
}

/* What the program left running in the background goes on. */
static void
close_job(HANDLE job)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION none = { 0 };

	SetInformationJobObject(job, JobObjectExtendedLimitInformation, &none,
	    sizeof none);
	CloseHandle(job);
}

/* Ctrl-C goes to the program too, and is its business. */
static BOOL WINAPI
ignore(DWORD what)
{
	return what == CTRL_C_EVENT || what == CTRL_BREAK_EVENT;
}

static int
unfit(const char *program, const char *why)
{
	say("%s cannot be run: %s", program, why);
	return EXIT_UNFIT;
}

static int
go(PROCESS_INFORMATION *child, const char *program)
{
	HANDLE job = new_job();
	struct fail why = { 0 };
	DWORD status = EXIT_UNFIT;

	AssignProcessToJobObject(job, child->hProcess);
	if (inject_dll(child->hProcess, dll, &why) < 0) {
		TerminateProcess(child->hProcess, EXIT_UNFIT);
		status = (DWORD)unfit(program, why.text);
	} else {
		SetConsoleCtrlHandler(ignore, TRUE);
		ResumeThread(child->hThread);
		WaitForSingleObject(child->hProcess, INFINITE);
		GetExitCodeProcess(child->hProcess, &status);
	}
	close_job(job);
	CloseHandle(child->hThread);
	CloseHandle(child->hProcess);
	return (int)status;
}

/* As a shell finds it: with or without ".exe", along PATH. */
static bool
find(const char *program, wchar_t *path)
{
	wchar_t *name = text_path(program);
	DWORD n = 0;

	if (name != NULL)
		n = SearchPathW(NULL, name, L".exe", PATHS, path, NULL);
	free(name);
	return n > 0 && n < PATHS;
}

int
become(int first, char **argv)
{
	STARTUPINFOW si = { .cb = sizeof si };
	PROCESS_INFORMATION child;
	wchar_t path[PATHS], *line;
	struct fail why = { 0 };
	char text[300];
	BOOL made;

	if (!find(argv[first], path)) {
		say("%s: there is no such program", argv[first]);
		return EXIT_ABSENT;
	}
	if (image_fits(path, &why) < 0)
		return unfit(argv[first], why.text);
	line = line_from(first + 1);
	if (line == NULL)
		return unfit(argv[first], "there is no memory");
	made = CreateProcessW(path, line, NULL, NULL, TRUE, CREATE_SUSPENDED,
	    NULL, NULL, &si, &child);
	free(line);
	if (!made)
		return unfit(argv[first], text_error(GetLastError(), text,
		    sizeof text));
	return go(&child, argv[first]);
}
