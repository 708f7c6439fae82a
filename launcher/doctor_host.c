/* SPDX-License-Identifier: Apache-2.0
 * doctor, the host: the libraries, the kernel, other preloads. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "child.h"
#include "doctor.h"
#include "policy/conf.h"
#include "preload.h"

/* What a library of ours lacks, by the loader's own words; "" for nothing. */
static void
lacks(const char *library, char *out, size_t size)
{
	char *argv[] = { (char *)PRELOAD_SELF, NULL };
	char set[PATH_MAX + 16], *missing;
	const char *const sets[] = { set, "LD_TRACE_LOADED_OBJECTS=1",
		"LD_BIND_NOW=1", "LD_WARN=1", NULL };

	snprintf(set, sizeof set, "LD_PRELOAD=%s", library);
	child_output(argv, sets, true, out, size);
	missing = strstr(out, "not found");
	if (missing == NULL)
		missing = strstr(out, "undefined symbol");
	if (missing == NULL)
		missing = out + strlen(out);
	while (missing > out && *missing != '\0' && missing[-1] != '\n')
		missing--;
	missing += strspn(missing, " \t");
	memmove(out, missing, strlen(missing) + 1);
	out[strcspn(out, "\n")] = '\0';
}

static void
check_library(struct doctor *d)
{
	char out[32768];
	struct fail f = { 0 };

	if (preload_find(PRELOAD_LIBRARY, d->library, sizeof d->library,
	    &f) < 0 || preload_try(PRELOAD_SELF, d->library, out, sizeof out, &f) <
	    0) {
		d->library[0] = '\0';
		doctor_wrong(d, "library", "%s", f.text);
		return;
	}
	doctor_good("library", "%s", d->library);
	if (preload_reachable(d->library, &f) < 0)
		doctor_note("library", "%s", f.text);
}

static void
check_engine(struct doctor *d)
{
	char path[PATH_MAX], out[32768];
	struct fail f = { 0 };

	if (preload_find(PRELOAD_ENGINE, path, sizeof path, &f) < 0 ||
	    preload_try(PRELOAD_SELF, path, out, sizeof out, &f) < 0) {
		doctor_wrong(d, "engine", "%s", f.text);
		return;
	}
	lacks(path, out, sizeof out);
	if (*out == '\0')
		doctor_good("engine", "%s", path);
	else
		doctor_wrong(d, "engine", "%s lacks something: %s; install "
		    "OpenSSL 3's libssl", path, out);
}

/* A connection over loopback; its two ends in S.  0 or -errno. */
static int
connection(int s[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rv = -1;

	s[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s[1] = -1;
	if (listener >= 0 && s[0] >= 0 &&
	    bind(listener, (void *)&a, sizeof a) == 0 &&
	    listen(listener, 1) == 0 &&
	    getsockname(listener, (void *)&a, &len) == 0 &&
	    connect(s[0], (void *)&a, sizeof a) == 0)
		s[1] = accept(listener, NULL, NULL);
	if (s[1] >= 0)
		rv = 0;
	else
		rv = errno != 0 ? -errno : -EIO;
	if (listener >= 0)
		close(listener);
	return rv;
}

/*
 * Emulated kernels (gVisor, WSL 1) differ in what readiness rests upon: bytes
 * can be looked at and dropped, and the last stays.
 */
static bool
kernel_keeps_a_byte(int from, int to)
{
	char c[4];

	return send(from, "abc", 3, 0) == 3 &&
	    recv(to, c, sizeof c, MSG_PEEK) == 3 &&
	    recv(to, NULL, 2, MSG_TRUNC) == 2 &&
	    recv(to, c, sizeof c, MSG_PEEK | MSG_DONTWAIT) == 1 &&
	    c[0] == 'c';
}

static void
check_kernel(struct doctor *d)
{
	struct utsname u;
	int s[2], rv = connection(s);

	uname(&u);
	if (rv < 0)
		doctor_note("kernel", "no connection over loopback could be "
		    "made (%s), so it was not tried", strerror(-rv));
	else if (!kernel_keeps_a_byte(s[0], s[1]))
		doctor_wrong(d, "kernel", "%s %s does not keep the rest of "
		    "what recv(MSG_TRUNC) drops: an emulated kernel? use a "
		    "real Linux", u.sysname, u.release);
	else
		doctor_good("kernel", "%s %s", u.sysname, u.release);
	if (s[0] >= 0)
		close(s[0]);
	if (s[1] >= 0)
		close(s[1]);
}

static void
check_others(void)
{
	const char *old = conf_env("LD_PRELOAD");

	if (old != NULL && strstr(old, PRELOAD_LIBRARY) == NULL)
		doctor_note("preload", "LD_PRELOAD has %s already: one that "
		    "replaces connect() or read() as well has to stand behind "
		    "ours", old);
	if (access("/etc/ld.so.preload", F_OK) == 0)
		doctor_note("preload", "/etc/ld.so.preload loads libraries "
		    "into every program here; they come behind ours");
}

static void
check_selinux(void)
{
	FILE *f = fopen("/sys/fs/selinux/enforce", "r");
	int c = f != NULL ? getc(f) : EOF;

	if (f != NULL)
		fclose(f);
	if (c == '1')
		doctor_note("selinux", "it is enforcing: where a program "
		    "changes its domain as it starts, LD_PRELOAD is dropped "
		    "(allow noatsecure), and its domain must be able to read "
		    "the library and the certificate");
}

void
doctor_host(struct doctor *d)
{
	check_library(d);
	check_engine(d);
	check_kernel(d);
	check_others();
	check_selinux();
}
