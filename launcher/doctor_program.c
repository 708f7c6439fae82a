/* SPDX-License-Identifier: Apache-2.0
 * doctor, the program: can it be preloaded, and does it go round us? */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "doctor.h"
#include "preload.h"
#include "target.h"

/* Libraries that tell how a program speaks to the network. */
static const struct {
	const char *name, *note;
} libraries[] = {
	{ "liburing.so", "it uses io_uring: connections that it makes through "
	    "that are not seen and stay plain" },
	{ "libseccomp.so", "it filters its own system calls: its rules must "
	    "let openat, read and getrandom pass for certificate and engine" },
	{ "libssl.so", "it has OpenSSL: connections that it makes TLS itself "
	    "are let through as they are" },
	{ "libgnutls.so", "it has GnuTLS: connections that it makes TLS "
	    "itself are let through as they are" },
};

/* The loader lists what it would load, and runs nothing. */
static void
check_loading(struct doctor *d, const char *binary)
{
	struct fail f = { 0 };
	size_t i, size = 1 << 18;
	char *out, *line;

	out = malloc(size);
	if (out == NULL || d->library[0] == '\0')
		goto out;
	if (preload_try(binary, d->library, out, size, &f) < 0)
		doctor_wrong(d, "program", "%s", f.text);
	else
		doctor_good("program", "%s takes the library", binary);
	line = strstr(out, "not found");
	if (line != NULL)
		doctor_wrong(d, "program", "%s lacks a library of its own: "
		    "see ldd %s", binary, binary);
	for (i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
		if (strstr(out, libraries[i].name) != NULL)
			doctor_note("program", "%s", libraries[i].note);
out:
	free(out);
}

/* Linked in statically, liburing leaves its names behind. */
static void
check_uring(const char *binary)
{
	int fd = open(binary, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		    fd, 0);
		if (map != MAP_FAILED) {
			if (memmem(map, (size_t)st.st_size, "io_uring", 8))
				doctor_note("program", "%s knows io_uring: if "
				    "it uses that for connections, they are "
				    "not seen and stay plain", binary);
			munmap(map, (size_t)st.st_size);
		}
	}
	close(fd);
}

/* The kernel's list of profiles, "NAME (enforce)" a line. */
static void
check_apparmor(const char *binary)
{
	FILE *f = fopen("/sys/kernel/security/apparmor/profiles", "r");
	char real[PATH_MAX], line[PATH_MAX + 16];
	size_t len;

	if (f == NULL)
		return;
	if (realpath(binary, real) == NULL)
		real[0] = '\0';
	len = strlen(real);
	while (len > 0 && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, real, len) == 0 && line[len] == ' ')
			doctor_note("apparmor", "%s has a profile: it must "
			    "let the program map %s and read the certificate, "
			    "and be entered without cleaning the environment",
			    real, PKGLIBDIR);
	fclose(f);
}

static void
check_snap(struct doctor *d, const struct target *t)
{
	char real[PATH_MAX];

	if (realpath(t->path, real) == NULL)
		return;
	if (strncmp(real, "/snap/", 6) == 0 ||
	    strcmp(real, "/usr/bin/snap") == 0)
		doctor_wrong(d, "program", "%s is a snap, which runs in a "
		    "closed room of its own: use the Debian package, or "
		    "stunnel in front of it", t->path);
}

void
doctor_program(struct doctor *d, const char *program)
{
	struct fail f = { 0 };
	struct target t;

	if (target_find(program, &t, &f) != 0) {
		doctor_wrong(d, "program", "%s", f.text);
		return;
	}
	check_loading(d, t.binary);
	check_uring(t.binary);
	check_apparmor(t.binary);
	check_snap(d, &t);
	if (strcmp(t.path, t.binary) != 0)
		doctor_note("program", "%s is a script for %s: what it starts "
		    "has to be looked at as well", t.path, t.binary);
}
