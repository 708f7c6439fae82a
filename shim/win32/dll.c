/* SPDX-License-Identifier: Apache-2.0
 * dll: the begin of dicomtls.dll in a process. */
#include "win32/hooks.h"

#include "base/log.h"
#include "win32/gate.h"
#include "win32/process.h"
#include "win32/relay.h"

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID reserved);

/* Whoever loads us sees FALSE as a failure, and does not let the program run:
 * without hooks there must be no connection. */
static BOOL
begin(HMODULE self)
{
	struct fail why = { 0 };

	relay_init();
	process_init(self);
	if (gate_init(&why) == 0 && hooks_install(&why) == 0)
		return TRUE;
	log_error("%s", why.text);
	return FALSE;
}

BOOL WINAPI
DllMain(HINSTANCE self, DWORD reason, LPVOID reserved)
{
	(void)reserved;
	return reason == DLL_PROCESS_ATTACH ? begin(self) : TRUE;
}
