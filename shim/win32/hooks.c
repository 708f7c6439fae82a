/* SPDX-License-Identifier: Apache-2.0
 * hooks: the real functions of Windows' and ours in their place. */
#include "win32/hooks.h"

#include <psapi.h>

#include <errno.h>
#include <string.h>

#include "base/log.h"

struct real real;

/* A function may have several addresses: kernel32 and kernelbase both export
 * some, and modules import from either. */
static const wchar_t *const homes[] = { L"ws2_32", L"mswsock", L"kernel32",
	L"kernelbase", L"advapi32" };

enum { HOMES = sizeof homes / sizeof homes[0], SWAPS = 256,
	EXIT_INCOMPLETE = 126 };

static struct {
	void *from, *to;
} swaps[SWAPS];
static size_t n_swaps;

static HMODULE self;

/* Something got no hook: the process must not go on. */
static bool incomplete;

/* The table ------------------------------------------------------------------ */

static void
add_swap(void *from, void *to)
{
	size_t i;

	for (i = 0; i < n_swaps; i++)
		if (swaps[i].from == from)
			return;
	if (n_swaps == SWAPS) {
		incomplete = true;
		return;
	}
	swaps[n_swaps].from = from;
	swaps[n_swaps++].to = to;
}

/* An import of our own, so that mswsock is there when we look. */
static __typeof__(AcceptEx) *volatile keep_mswsock = AcceptEx;

/* The first home's is the one that our hooks call. */
static void *
look_up(const char *name, void *hook)
{
	void *found, *first = NULL;
	HMODULE home;
	size_t i;

	for (i = 0; i < HOMES; i++) {
		home = GetModuleHandleW(homes[i]);
		found = home != NULL ? (void *)GetProcAddress(home, name) :
		    NULL;
		if (found == NULL)
			continue;
		add_swap(found, hook);
		if (first == NULL)
			first = found;
	}
	return first;
}

static int
find_all(struct fail *f)
{
#define CALL(name) \
	real.name = (__typeof__(name) *)look_up(#name, (void *)hook_##name);
#include "win32/calls.def"
#undef CALL
	/* What a Windows does not have (Wine has no WSAConnectByList), nobody
	 * can call past us. */
	if (real.accept != NULL && real.connect != NULL &&
	    real.WSASocketW != NULL && real.GetProcAddress != NULL)
		return 0;
	fail_set(f, REASON_ENGINE, "Windows' own functions for connections "
	    "were not found, so none can be upgraded safely");
	return -ENOSYS;
}

void *
hooks_swap(void *address)
{
	size_t i;

	for (i = 0; i < n_swaps; i++)
		if (swaps[i].from == address)
			return swaps[i].to;
	return address;
}

/* Import tables ---------------------------------------------------------------- */

/* Two threads that load libraries at once may meet in one page: the first must
 * not take the right to write from the second. */
static void
put(void **slot, void *value)
{
	static SRWLOCK lock = SRWLOCK_INIT;
	DWORD old;

	AcquireSRWLockExclusive(&lock);
	if (VirtualProtect(slot, sizeof *slot, PAGE_READWRITE, &old)) {
		*slot = value;
		VirtualProtect(slot, sizeof *slot, old, &old);
	} else {
		incomplete = true;
	}
	ReleaseSRWLockExclusive(&lock);
}

static const IMAGE_DATA_DIRECTORY *
directory(const char *base, unsigned index)
{
	const IMAGE_DOS_HEADER *dos = (const void *)base;
	const IMAGE_NT_HEADERS *nt = (const void *)(base + dos->e_lfanew);

	if (dos->e_magic != IMAGE_DOS_SIGNATURE ||
	    nt->Signature != IMAGE_NT_SIGNATURE ||
	    nt->OptionalHeader.NumberOfRvaAndSizes <= index ||
	    nt->OptionalHeader.DataDirectory[index].VirtualAddress == 0)
		return NULL;
	return &nt->OptionalHeader.DataDirectory[index];
}

static void
patch(HMODULE module)
{
	char *base = (char *)module;
	const IMAGE_DATA_DIRECTORY *d = directory(base,
	    IMAGE_DIRECTORY_ENTRY_IMPORT);
	const IMAGE_IMPORT_DESCRIPTOR *i;
	void **slot, *ours;

	if (d == NULL)
		return;
	i = (const void *)(base + d->VirtualAddress);
	for (; i->FirstThunk != 0; i++)
		for (slot = (void **)(base + i->FirstThunk); *slot != NULL;
		    slot++) {
			ours = hooks_swap(*slot);
			if (ours != *slot)
				put(slot, ours);
		}
}

/* Windows' own lower half calls itself: a hook there would only see calls that
 * a hook above has seen already. */
static bool
is_home(HMODULE module)
{
	size_t i;

	for (i = 0; i < HOMES; i++)
		if (module == GetModuleHandleW(homes[i]))
			return wcscmp(homes[i], L"advapi32") != 0;
	return module == self || module == GetModuleHandleW(L"ntdll");
}

/* All modules, allocated, and how many; NULL if Windows does not tell. */
static HMODULE *
list_modules(DWORD *n)
{
	HANDLE heap = GetProcessHeap();
	HMODULE *list = NULL;
	DWORD size = 0, want = 1024 * sizeof *list;

	while (size < want) {
		if (list != NULL)
			HeapFree(heap, 0, list);
		size = want;
		list = HeapAlloc(heap, 0, size);
		if (list == NULL || !EnumProcessModules(GetCurrentProcess(),
		    list, size, &want)) {
			HeapFree(heap, 0, list);
			return NULL;
		}
	}
	*n = want / sizeof *list;
	return list;
}

static void
patch_all(void)
{
	DWORD n = 0, i;
	HMODULE *list = list_modules(&n);

	if (list == NULL)
		incomplete = true;
	for (i = 0; i < n; i++)
		if (!is_home(list[i]))
			patch(list[i]);
	HeapFree(GetProcessHeap(), 0, list);
}

/* Modules that come later ------------------------------------------------------- */

/* winternl.h does not declare these (LdrRegisterDllNotification's reference). */
struct notice {
	ULONG flags;
	const void *full_name, *base_name;
	void *base;
	ULONG size;
};
typedef void (CALLBACK *listener)(ULONG, const struct notice *, void *);

static void
stop_if_incomplete(void)
{
	if (!incomplete)
		return;
	log_error("a module of the program could not be given the hooks, so "
	    "its connections could not be upgraded: the program is ended");
	real.TerminateProcess(GetCurrentProcess(), EXIT_INCOMPLETE);
}

static void CALLBACK
loaded(ULONG reason, const struct notice *n, void *arg)
{
	(void)arg;
	if (reason != 1 || is_home((HMODULE)n->base))
		return;
	patch((HMODULE)n->base);
	stop_if_incomplete();
}

static void
listen_for_more(void)
{
	LONG (NTAPI *add)(ULONG, listener, void *, void **);
	void *cookie;

	add = (__typeof__(add))(void *)GetProcAddress(
	    GetModuleHandleW(L"ntdll"), "LdrRegisterDllNotification");
	if (add != NULL)
		add(0, loaded, NULL, &cookie);
}

static HMODULE
after_load(HMODULE module)
{
	DWORD error = GetLastError();

	if (module != NULL)
		patch_all();
	stop_if_incomplete();
	SetLastError(error);
	return module;
}

HMODULE WINAPI
hook_LoadLibraryA(LPCSTR name)
{
	return after_load(real.LoadLibraryA(name));
}

HMODULE WINAPI
hook_LoadLibraryW(LPCWSTR name)
{
	return after_load(real.LoadLibraryW(name));
}

HMODULE WINAPI
hook_LoadLibraryExA(LPCSTR name, HANDLE file, DWORD flags)
{
	return after_load(real.LoadLibraryExA(name, file, flags));
}

HMODULE WINAPI
hook_LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags)
{
	return after_load(real.LoadLibraryExW(name, file, flags));
}

FARPROC WINAPI
hook_GetProcAddress(HMODULE module, LPCSTR name)
{
	return (FARPROC)hooks_swap((void *)real.GetProcAddress(module, name));
}

/* Delayed imports: Windows 8 and newer bind them by this call, which no header
 * of mingw's has (delayloadhandler.h). */
typedef void *WINAPI delay_call(void *, const void *, void *, void *, void **,
    ULONG);
static delay_call *real_delay;

static void *WINAPI
hook_delay(void *module, const void *what, void *on_dll, void *on_name,
    void **slot, ULONG flags)
{
	void *found = real_delay(module, what, on_dll, on_name, slot, flags);
	void *ours = hooks_swap(found);

	if (ours != found)
		put(slot, ours);
	return ours;
}

int
hooks_install(struct fail *f)
{
	int r;

	(void)keep_mswsock;
	GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
	    GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, (LPCWSTR)&real,
	    &self);
	r = find_all(f);
	if (r < 0)
		return r;
	real_delay = (delay_call *)look_up("ResolveDelayLoadedAPI",
	    (void *)hook_delay);
	listen_for_more();
	patch_all();
	if (!incomplete)
		return 0;
	fail_set(f, REASON_ENGINE, "not every module of the program could be "
	    "given the hooks, so its connections cannot be upgraded safely");
	return -ENOSYS;
}
