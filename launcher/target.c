/* SPDX-License-Identifier: Apache-2.0
 * target: the program to be run, and whether it can be preloaded. */
#include "target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "command.h"
#include "policy/conf.h"

enum { SCRIPTS_MOST = 5, FIRST_LINE = 256 };	/* the kernel's, exec(2) */

static const char *
base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The first executable file on PATH; else the first that only exists, for the
 * sentence. */
static bool
search(const char *name, char path[PATH_MAX])
{
	const char *list = conf_env("PATH");
	char spare[PATH_MAX] = "";
	size_t n;

	if (list == NULL)
		list = "/usr/local/bin:/usr/bin:/bin";
	for (;; list += n + 1) {
		n = strcspn(list, ":");
		snprintf(path, PATH_MAX, "%.*s%s%s", (int)n, list,
		    n > 0 ? "/" : "./", name);
		if (is_file(path) && access(path, X_OK) == 0)
			return true;
		if (is_file(path) && spare[0] == '\0')
			strcpy(spare, path);
		if (list[n] == '\0')
			break;
	}
	strcpy(path, spare);
	return spare[0] != '\0';
}

static int
locate(const char *name, char path[PATH_MAX], struct fail *f)
{
	if (strchr(name, '/') == NULL) {
		if (*name != '\0' && search(name, path))
			return 0;
		fail_set(f, REASON_SYSTEM, "there is no program \"%s\" on "
		    "PATH: check the name, or give its whole path", name);
		return EXIT_ABSENT;
	}
	snprintf(path, PATH_MAX, "%s", name);
	if (access(path, F_OK) == 0)
		return 0;
	fail_set(f, REASON_SYSTEM, "%s: %s", path, strerror(errno));
	return EXIT_ABSENT;
}

static int
check_mode(const char *path, struct fail *f)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		fail_set(f, REASON_SYSTEM, "%s is no file but a folder or a "
		    "device: name the program itself", path);
		return EXIT_UNFIT;
	}
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0) {
		fail_set(f, REASON_SYSTEM, "%s lies on a file system that is "
		    "mounted noexec: mount it without, or put the program "
		    "elsewhere", path);
		return EXIT_UNFIT;
	}
	if (access(path, X_OK) < 0) {
		fail_set(f, REASON_SYSTEM, "%s cannot be executed by this "
		    "user (%s): chmod +x it, or run it as another user", path,
		    strerror(errno));
		return EXIT_UNFIT;
	}
	if (st.st_mode & (S_ISUID | S_ISGID)) {
		fail_set(f, REASON_SYSTEM, "%s is %s, and the loader preloads "
		    "nothing into programs that gain privileges: start it as "
		    "the user that it needs, from a copy without that bit",
		    path, st.st_mode & S_ISUID ? "setuid" : "setgid");
		return EXIT_UNFIT;
	}
	if (getxattr(path, "security.capability", NULL, 0) > 0) {
		fail_set(f, REASON_SYSTEM, "%s has file capabilities, and the "
		    "loader preloads nothing into programs that gain "
		    "privileges: take them off (setcap -r) and give them by "
		    "the service manager (AmbientCapabilities=)", path);
		return EXIT_UNFIT;
	}
	return 0;
}

/* Ours is the measure: only its likes can load our library. */
static int
check_machine(const char *path, const struct elf *e, struct fail *f)
{
	struct elf self;

	if (elf_read("/proc/self/exe", &self) < 0)
		return 0;
	if (e->class != self.class || e->data != self.data ||
	    e->machine != self.machine) {
		fail_set(f, REASON_SYSTEM, "%s is a program for %s, this "
		    "dicomtls is for %s: install the dicomtls of that machine",
		    path, elf_machine_name(e), elf_machine_name(&self));
		return EXIT_UNFIT;
	}
	if (e->loader[0] != '\0' &&
	    strcmp(base(e->loader), base(self.loader)) != 0) {
		fail_set(f, REASON_SYSTEM, "%s is loaded by %s, this dicomtls "
		    "by %s: build dicomtls against the same C library", path,
		    e->loader, self.loader);
		return EXIT_UNFIT;
	}
	if (e->loader[0] != '\0' && access(e->loader, X_OK) < 0) {
		fail_set(f, REASON_SYSTEM, "%s needs the loader %s, which is "
		    "not there: install it", path, e->loader);
		return EXIT_UNFIT;
	}
	return 0;
}

static int
check_binary(const char *path, const struct elf *e, struct fail *f)
{
	int rv = check_machine(path, e, f);

	if (rv != 0)
		return rv;
	if (e->go) {
		fail_set(f, REASON_SYSTEM, "%s is written in Go, which calls "
		    "the kernel without libc, so nothing can stand between: "
		    "use its own TLS, or stunnel in front of it", path);
		return EXIT_UNFIT;
	}
	if (e->loader[0] == '\0') {
		fail_set(f, REASON_SYSTEM, "%s is linked statically, so "
		    "nothing can be preloaded into it: use its dynamically "
		    "linked build, or stunnel in front of it", path);
		return EXIT_UNFIT;
	}
	return 0;
}

static ssize_t
first_bytes(const char *path, char buf[FIRST_LINE + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, FIRST_LINE) : -1;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

/* The program that env(1) starts with these arguments, or NULL. */
static char *
of_env(char *words)
{
	char *word, *rest = words;

	while ((word = strsep(&rest, " \t")) != NULL)
		if (*word != '\0' && *word != '-' && !strchr(word, '='))
			return word;
	return NULL;
}

/*
 * The interpreter of a script, NULL for what is neither script nor program.  A
 * script without "#!" is the shell's (execvp(3)).
 */
static const char *
interpreter(const char *path, char line[FIRST_LINE + 1])
{
	ssize_t n = first_bytes(path, line);
	char *word, *rest;

	if (n < 0 || strncmp(line, ELFMAG, SELFMAG) == 0)
		return NULL;
	if (strncmp(line, "#!", 2) != 0)
		return memchr(line, '\0', (size_t)n) != NULL ? NULL :
		    "/bin/sh";
	line[strcspn(line, "\n")] = '\0';
	rest = line + 2 + strspn(line + 2, " \t");
	word = strsep(&rest, " \t");
	if (strcmp(base(word), "env") == 0 && rest != NULL)
		word = of_env(rest);
	return word;
}

static int
not_a_program(const char *path, struct fail *f)
{
	char line[FIRST_LINE + 1];

	first_bytes(path, line);
	if (strncmp(line, ELFMAG, SELFMAG) == 0)
		fail_set(f, REASON_SYSTEM, "%s is damaged: install it again",
		    path);
	else if (strncmp(line, "MZ", 2) == 0)
		fail_set(f, REASON_SYSTEM, "%s is a Windows program: use "
		    "dicomtls for Windows", path);
	else
		fail_set(f, REASON_SYSTEM, "%s is neither a program nor a "
		    "script", path);
	return EXIT_UNFIT;
}

int
target_find(const char *program, struct target *t, struct fail *f)
{
	char line[FIRST_LINE + 1];
	const char *next;
	int depth, rv;

	memset(t, 0, sizeof *t);
	rv = locate(program, t->path, f);
	if (rv != 0)
		return rv;
	strcpy(t->binary, t->path);
	for (depth = 0; depth <= SCRIPTS_MOST; depth++) {
		rv = check_mode(t->binary, f);
		if (rv != 0)
			return rv;
		if (elf_read(t->binary, &t->elf) == 0)
			return check_binary(t->binary, &t->elf, f);
		next = interpreter(t->binary, line);
		if (next == NULL)
			return not_a_program(t->binary, f);
		rv = locate(next, t->binary, f);
		if (rv != 0)
			return EXIT_UNFIT;
	}
	fail_set(f, REASON_SYSTEM, "%s is a script of scripts too deep to "
	    "follow", t->path);
	return EXIT_UNFIT;
}
