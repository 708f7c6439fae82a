/* SPDX-License-Identifier: Apache-2.0
 * ctrl: exit statuses of 32 bits, and Ctrl-C.
 *
 *	ctrl exit N		ends with N
 *	ctrl handled		presses Ctrl-C for its whole console, and ends
 *				with 42 once it has heard of it
 *	ctrl default		the same without a handler
 *	ctrl start LINE		runs the command line in a console of its own,
 *				without a window, and says how it ended
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { LIMIT_MS = 20000 };

static HANDLE heard;

static BOOL WINAPI
handler(DWORD what)
{
	if (what != CTRL_C_EVENT)
		return FALSE;
	SetEvent(heard);
	return TRUE;
}

static int
press(BOOL handled)
{
	heard = CreateEventW(NULL, TRUE, FALSE, NULL);
	/* A parent may have switched it off. */
	SetConsoleCtrlHandler(NULL, FALSE);
	if (handled)
		SetConsoleCtrlHandler(handler, TRUE);
	if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
		return 3;
	if (WaitForSingleObject(heard, LIMIT_MS) != WAIT_OBJECT_0)
		return 4;
	Sleep(300);	/* the launcher has heard of it too */
	return 42;
}

static int
start(wchar_t *line)
{
	STARTUPINFOW si = { .cb = sizeof si };
	PROCESS_INFORMATION pi;
	DWORD status = 0;

	if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW,
	    NULL, NULL, &si, &pi)) {
		printf("it cannot be started: %lu\n", GetLastError());
		return 1;
	}
	if (WaitForSingleObject(pi.hProcess, 2 * LIMIT_MS) != WAIT_OBJECT_0)
		printf("it does not end\n");
	GetExitCodeProcess(pi.hProcess, &status);
	printf("it ended with 0x%08lx\n", status);
	return 0;
}

int wmain(int argc, wchar_t **argv);

int
wmain(int argc, wchar_t **argv)
{
	if (argc == 3 && wcscmp(argv[1], L"exit") == 0)
		return (int)wcstoul(argv[2], NULL, 0);
	if (argc == 3 && wcscmp(argv[1], L"start") == 0)
		return start(argv[2]);
	if (argc == 2)
		return press(wcscmp(argv[1], L"handled") == 0);
	return 2;
}
