/* SPDX-License-Identifier: Apache-2.0
 * process: the end of this process, and the begin of others. */
#include "win32/process.h"

#include "base/log.h"
#include "win32/gate.h"
#include "win32/inject.h"
#include "win32/socktab.h"

enum {
	FINISH_MS = 5000,
	GOODBYE_MS = 250,	/* for the peer's end, and the last log lines */
	PAUSE_MS = 5
};

static wchar_t path[4096];

void
process_init(HMODULE self)
{
	GetModuleFileNameW(self, path, sizeof path / sizeof path[0]);
}

/* The end ------------------------------------------------------------------------ */

static void
half_close(struct sock *k)
{
	real.shutdown(k->handle, SD_SEND);
}

/* Over TCP the kernel goes on sending when the program has ended; here the
 * relays end with it.  In DllMain it is too late: they are dead by then. */
static void
wait_until_none(long (*count)(void), DWORD ms)
{
	ULONGLONG end = GetTickCount64() + ms;

	while (count() > 0 && GetTickCount64() < end)
		Sleep(PAUSE_MS);
}

static void
finish(void)
{
	if (relay_alive() == 0)
		return;
	sock_each_relayed(half_close);
	wait_until_none(relay_unfinished, FINISH_MS);
	wait_until_none(relay_alive, GOODBYE_MS);
	if (relay_unfinished() > 0)
		log_warn("the program ended, and its last bytes could not be "
		    "sent within %d s", FINISH_MS / 1000);
}

void WINAPI
hook_ExitProcess(UINT code)
{
	finish();
	real.ExitProcess(code);
}

BOOL WINAPI
hook_TerminateProcess(HANDLE process, UINT code)
{
	if (GetProcessId(process) == GetCurrentProcessId())
		finish();
	return real.TerminateProcess(process, code);
}

/* Others ------------------------------------------------------------------------------ */

/* A child that the DLL cannot get into may not run: it could speak in clear. */
static BOOL
go_in(BOOL made, DWORD flags, PROCESS_INFORMATION *child)
{
	struct fail why = { 0 };

	if (!made)
		return FALSE;
	if (inject_dll(child->hProcess, path, &why) < 0) {
		log_error("a program that was about to be started cannot be "
		    "protected, so it does not run: %s", why.text);
		real.TerminateProcess(child->hProcess, 126);
		CloseHandle(child->hThread);
		CloseHandle(child->hProcess);
		SetLastError(ERROR_ACCESS_DENIED);
		return FALSE;
	}
	if (!(flags & CREATE_SUSPENDED))
		ResumeThread(child->hThread);
	return TRUE;
}

BOOL WINAPI
hook_CreateProcessA(LPCSTR app, LPSTR line, LPSECURITY_ATTRIBUTES pa,
    LPSECURITY_ATTRIBUTES ta, WINBOOL inherit, DWORD flags, LPVOID env,
    LPCSTR dir, LPSTARTUPINFOA si, LPPROCESS_INFORMATION pi)
{
	return go_in(real.CreateProcessA(app, line, pa, ta, inherit,
	    flags | CREATE_SUSPENDED, env, dir, si, pi), flags, pi);
}

BOOL WINAPI
hook_CreateProcessW(LPCWSTR app, LPWSTR line, LPSECURITY_ATTRIBUTES pa,
    LPSECURITY_ATTRIBUTES ta, WINBOOL inherit, DWORD flags, LPVOID env,
    LPCWSTR dir, LPSTARTUPINFOW si, LPPROCESS_INFORMATION pi)
{
	return go_in(real.CreateProcessW(app, line, pa, ta, inherit,
	    flags | CREATE_SUSPENDED, env, dir, si, pi), flags, pi);
}

BOOL WINAPI
hook_CreateProcessAsUserA(HANDLE token, LPCSTR app, LPSTR line,
    LPSECURITY_ATTRIBUTES pa, LPSECURITY_ATTRIBUTES ta, WINBOOL inherit,
    DWORD flags, LPVOID env, LPCSTR dir, LPSTARTUPINFOA si,
    LPPROCESS_INFORMATION pi)
{
	return go_in(real.CreateProcessAsUserA(token, app, line, pa, ta,
	    inherit, flags | CREATE_SUSPENDED, env, dir, si, pi), flags, pi);
}

BOOL WINAPI
hook_CreateProcessAsUserW(HANDLE token, LPCWSTR app, LPWSTR line,
    LPSECURITY_ATTRIBUTES pa, LPSECURITY_ATTRIBUTES ta, WINBOOL inherit,
    DWORD flags, LPVOID env, LPCWSTR dir, LPSTARTUPINFOW si,
    LPPROCESS_INFORMATION pi)
{
	return go_in(real.CreateProcessAsUserW(token, app, line, pa, ta,
	    inherit, flags | CREATE_SUSPENDED, env, dir, si, pi), flags, pi);
}

BOOL WINAPI
hook_CreateProcessWithLogonW(LPCWSTR user, LPCWSTR domain, LPCWSTR password,
    DWORD logon, LPCWSTR app, LPWSTR line, DWORD flags, LPVOID env,
    LPCWSTR dir, LPSTARTUPINFOW si, LPPROCESS_INFORMATION pi)
{
	return go_in(real.CreateProcessWithLogonW(user, domain, password,
	    logon, app, line, flags | CREATE_SUSPENDED, env, dir, si, pi),
	    flags, pi);
}

BOOL WINAPI
hook_CreateProcessWithTokenW(HANDLE token, DWORD logon, LPCWSTR app,
    LPWSTR line, DWORD flags, LPVOID env, LPCWSTR dir, LPSTARTUPINFOW si,
    LPPROCESS_INFORMATION pi)
{
	return go_in(real.CreateProcessWithTokenW(token, logon, app, line,
	    flags | CREATE_SUSPENDED, env, dir, si, pi), flags, pi);
}
