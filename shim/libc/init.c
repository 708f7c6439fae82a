/* SPDX-License-Identifier: Apache-2.0
 * init: settings and start of the process. */
#include "libc/init.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

#include "libc/libc.h"

static struct policy *policy;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t start = PTHREAD_MUTEX_INITIALIZER;

static void
load(void)
{
	const struct logconf *log;

	policy = policy_load();
	if (policy == NULL)
		abort();	/* no memory at start: no plaintext either */
	log = policy_log(policy);
	log_open(log->target, log->level, log->json);
}

const struct policy *
init_policy(void)
{
	pthread_once(&once, load);
	return policy;
}

void
init_lock(void)
{
	pthread_mutex_lock(&start);
}

void
init_unlock(void)
{
	pthread_mutex_unlock(&start);
}

/* Sockets that were handed down by exec: inetd, a server's workers. */
static void
adopt_inherited(void)
{
	DIR *dir;
	struct dirent *d;
	struct stat st;
	int fd;

	dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		for (fd = 0; fd < 3; fd++)
			open_adopt(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		fd = atoi(d->d_name);
		if (d->d_name[0] != '.' && fd != dirfd(dir) &&
		    fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			open_adopt(fd);
	}
	closedir(dir);
}

static void __attribute__((constructor))
begin(void)
{
	int saved = errno;

	libc();
	init_policy();
	process_init();
	adopt_inherited();
	errno = saved;
}
