/* SPDX-License-Identifier: Apache-2.0
 * libc: the real calls, found once, and the engine: the only dlsym. */
#include "libc/libc.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>

#include "config.h"
#include "libc/init.h"

/* Until the real calls are known ---------------------------------------------
 * dlsym may allocate, and an allocator of the program's may read files. */

static ssize_t
raw_read(int fd, void *buf, size_t len)
{
	return syscall(SYS_read, fd, buf, len);
}

static ssize_t
raw_write(int fd, const void *buf, size_t len)
{
	return syscall(SYS_write, fd, buf, len);
}

static int
raw_close(int fd)
{
	return (int)syscall(SYS_close, fd);
}

static int
raw_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

static const struct libc raw = {
	.read = raw_read,
	.write = raw_write,
	.close = raw_close,
	.fcntl = raw_fcntl,
	.fcntl64 = raw_fcntl,
};

/* The real calls ------------------------------------------------------------- */

static struct libc real;
_Atomic(const struct libc *) libc_found;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool looking;

static void
look_up(void)
{
	looking = true;
#define CALL(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name);
#include "libc/calls.def"
#undef CALL
	looking = false;
	atomic_store_explicit(&libc_found, &real, memory_order_release);
}

const struct libc *
libc_look_up(void)
{
	if (looking)
		return &raw;
	pthread_once(&once, look_up);
	return &real;
}

/* The engine ----------------------------------------------------------------- */

static const struct engine_ops *engine;

/* It lies beside this library. */
static void
engine_path(char *path, size_t size)
{
	Dl_info info;
	const char *slash = NULL;

	if (dladdr(&engine, &info) != 0)
		slash = strrchr(info.dli_fname, '/');
	snprintf(path, size, "%.*slibdicomtls-engine.so",
	    slash != NULL ? (int)(slash + 1 - info.dli_fname) : 0,
	    slash != NULL ? info.dli_fname : "");
}

/*
 * RTLD_DEEPBIND keeps the engine's OpenSSL apart from one that the program
 * brings and exports; a static copy needs none.
 */
#ifdef STATIC_OPENSSL
#define ENGINE_FLAGS (RTLD_NOW | RTLD_LOCAL)
#else
#define ENGINE_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#endif

/* dlopen leaves no errno, only its text. */
static void
not_loaded(const char *why, struct fail *f)
{
	if (strstr(why, strerror(EMFILE)) != NULL ||
	    strstr(why, strerror(ENFILE)) != NULL ||
	    strstr(why, strerror(ENOMEM)) != NULL)
		fail_set(f, REASON_SYSTEM, "the TLS engine cannot be loaded: "
		    "%s; raise the program's limits (LimitNOFILE=, LimitAS= "
		    "or MemoryMax= of its service, ulimit)", why);
	else
		fail_set(f, REASON_ENGINE, "the TLS engine cannot be loaded: "
		    "%s; install dicomtls anew, or OpenSSL 3 if that is what "
		    "is missing", why);
}

static void
load_engine(struct fail *f)
{
	const struct logconf *log = policy_log(init_policy());
	const struct engine_ops *ops = NULL;
	char path[PATH_MAX];
	void *handle;

	engine_path(path, sizeof path);
	handle = dlopen(path, ENGINE_FLAGS);
	if (handle != NULL)
		ops = dlsym(handle, ENGINE_SYMBOL);
	if (ops == NULL)
		not_loaded(dlerror(), f);
	else if (ops->version != ENGINE_VERSION)
		fail_set(f, REASON_ENGINE, "the TLS engine %s is of another "
		    "version of dicomtls: install both from one build", path);
	else {
		ops->log_open(log->target, log->level, log->json);
		engine = ops;
	}
}

const struct engine_ops *
libc_engine(struct fail *f)
{
	init_lock();
	if (engine == NULL)
		load_engine(f);
	init_unlock();
	return engine;
}
