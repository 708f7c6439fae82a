/* SPDX-License-Identifier: Apache-2.0
 * unit: what the unit tests need of POSIX, for those that run under Wine. */
#include "unit.h"

#include <windows.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

char *
mkdtemp(char *pattern)
{
	static unsigned count;
	size_t len = strlen(pattern);
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(pattern + len - 6, 7, "%06x", (unsigned)
		    (GetTickCount() * 1009 + GetCurrentProcessId() + ++count) &
		    0xffffff);
		if (mkdir(pattern, 0700) == 0)
			return pattern;
	}
	return NULL;
}

/* POSIX's example. */
int
rand_r(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return (int)(*seed / 65536u % 32768u);
}

/* Which secure_getenv() reads. */
int
clearenv(void)
{
	static char *none[1];

	posix_environ = none;
	return 0;
}

int
unsetenv(const char *name)
{
	char *value = secure_getenv(name), **e;
	size_t len = strlen(name);

	for (e = posix_environ; value != NULL && *e != NULL; e++)
		if (*e + len + 1 == value)
			break;
	for (; value != NULL && *e != NULL; e++)
		e[0] = e[1];
	return 0;
}

/* Cases ------------------------------------------------------------------------- */

enum { FEW = 20 };

#define FORKS "fork() is not there"
#define NO_CNF "no openssl.cnf is read here"
#define DPAPI "the host secret is not kept as it is"
#define RIGHTS "rights here are lists, not modes"
#define STDERR "the standard error handle is no number that is used again"

static const struct {
	const char *file, *name, *why;
} others[] = {
	{ "conf", "default_folders", "the folders are Windows' own" },
	{ "conf", "paths", "a drive's letter stands in front of them" },
	{ "conf", "pipe_as_file", "pipes have no place among files" },
	{ "context", "fork_beside_lookups", FORKS },
	{ "engine", "openssl_cnf", NO_CNF },
	{ "engine", "openssl_cnf_counts", NO_CNF },
	{ "log", "stderr_broken_pipe", STDERR },
	{ "log", "stderr_reused_by_file", STDERR },
	{ "log", "stderr_reused_by_socket", STDERR },
	{ "log", "stderr_was_a_socket", STDERR },
	{ "password", "damaged_secret", DPAPI },
	{ "password", "other_secret", DPAPI },
	{ "peers", "first_use", FORKS },
	{ "store", "bad_folders", RIGHTS },
	{ "store", "fork_lets_go", FORKS },
	{ "store", "locks", FORKS },
};

static const char *
why_not(const TTest *t)
{
	const char *file = strstr(t->file, "check_") + strlen("check_");
	size_t i, len = strcspn(file, ".");

	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(others[i].name, t->name) == 0 &&
		    strncmp(others[i].file, file, len) == 0)
			return others[i].why;
	return NULL;
}

static void
add(TCase *tc, const TTest *t, int start, int end)
{
	const char *wanted = secure_getenv("UNIT_CASES");
	char name[128];

	snprintf(name, sizeof name, "%s.%d", t->name, start);
	if (wanted != NULL && strcmp(wanted, "list") == 0)
		printf("case %s\n", name);
	else if (wanted == NULL || strcmp(wanted, name) == 0)
		_tcase_add_test(tc, t, 0, 0, start, end);
}

void
unit_add(TCase *tc, const TTest *t, int start, int end)
{
	const char *why = why_not(t);
	int i;

	if (why != NULL)
		printf("left out: %s, because %s\n", t->name, why);
	else if (end - start > FEW)
		add(tc, t, start, end);
	else
		for (i = start; i < end; i++)
			add(tc, t, i, i + 1);
}

#define NOT_HERE(call) \
call \
{ \
	fprintf(stderr, "%s does not exist here\n", __func__); \
	abort(); \
}

NOT_HERE(pid_t fork(void))
NOT_HERE(pid_t wait(int *status __attribute__((unused))))
NOT_HERE(pid_t waitpid(pid_t pid __attribute__((unused)),
    int *status __attribute__((unused)), int options __attribute__((unused))))
NOT_HERE(int seteuid(uid_t id __attribute__((unused))))
NOT_HERE(int mkfifo(const char *path __attribute__((unused)),
    unsigned mode __attribute__((unused))))
NOT_HERE(int chown(const char *path __attribute__((unused)),
    uid_t user __attribute__((unused)), uid_t group __attribute__((unused))))
NOT_HERE(int socketpair(int family __attribute__((unused)),
    int type __attribute__((unused)), int protocol __attribute__((unused)),
    int s[2] __attribute__((unused))))
NOT_HERE(int pipe(int fd[2] __attribute__((unused))))
NOT_HERE(int pause(void))
NOT_HERE(unsigned alarm(unsigned seconds __attribute__((unused))))
NOT_HERE(int kill(pid_t pid __attribute__((unused)),
    int signal __attribute__((unused))))
NOT_HERE(int sigpending(_sigset_t *set __attribute__((unused))))
NOT_HERE(int sigismember(const _sigset_t *set __attribute__((unused)),
    int signal __attribute__((unused))))

/* Folders ----------------------------------------------------------------------- */

static void
remove_all(const char *path)
{
	struct stat st;
	struct dirent *e;
	char inner[1024];
	DIR *dir;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		DeleteFileA(path);
		return;
	}
	dir = opendir(path);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
		remove_all(inner);
	}
	if (dir != NULL)
		closedir(dir);
	RemoveDirectoryA(path);
}

static int
count_entries(const char *path, const char *to)
{
	FILE *f = fopen(to, "w");
	DIR *dir = opendir(path);
	struct dirent *e;
	int n = 0;

	if (f == NULL || dir == NULL)
		return 1;
	while ((e = readdir(dir)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	fprintf(f, "%d\n", n);
	fclose(f);
	closedir(dir);
	return 0;
}

int
unit_system(const char *command)
{
	char path[256], to[256];

	if (sscanf(command, "rm -rf '%255[^']'", path) == 1)
		remove_all(path);
	else if (sscanf(command, "ls -A %255s | wc -l >%255s", path, to) == 2)
		return count_entries(path, to);
	else
		return 1;
	return 0;
}

/* A test may resolve names without a socket of its own. */
static void __attribute__((constructor))
begin(void)
{
	WSADATA data;

	_fmode = _O_BINARY;
	WSAStartup(MAKEWORD(2, 2), &data);
}
