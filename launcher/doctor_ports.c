/* SPDX-License-Identifier: Apache-2.0
 * doctor, the ports: who listens on a configured port without us? */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "preload.h"

enum { LISTENING = 0x0a };	/* proc(5), /proc/net/tcp; TCP_LISTEN */

struct listener {
	struct sockaddr_storage addr;
	unsigned long inode;
	char text[INET6_ADDRSTRLEN + 8];
};

/* "0100007F:0ACA" in words of the machine's order, four for IPv6. */
static bool
parse_address(const char *hex, struct listener *l)
{
	struct sockaddr_in6 *in6 = (void *)&l->addr;
	struct sockaddr_in *in = (void *)&l->addr;
	uint32_t word[4];
	unsigned port;
	char host[INET6_ADDRSTRLEN] = "?";

	if (sscanf(hex, "%8x%8x%8x%8x:%4x", &word[0], &word[1], &word[2],
	    &word[3], &port) == 5) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		memcpy(&in6->sin6_addr, word, 16);
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
	} else if (sscanf(hex, "%8x:%4x", &word[0], &port) == 2) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		memcpy(&in->sin_addr, word, 4);
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
	} else
		return false;
	snprintf(l->text, sizeof l->text, "%s:%u", host, port);
	return true;
}

static bool
next_listener(FILE *f, struct listener *l)
{
	char line[512], local[64];
	unsigned state;

	while (fgets(line, sizeof line, f) != NULL) {
		memset(l, 0, sizeof *l);
		if (sscanf(line, " %*d: %63s %*s %x %*s %*s %*s %*s %*s %lu",
		    local, &state, &l->inode) == 3 && state == LISTENING &&
		    parse_address(local, l))
			return true;
	}
	return false;
}

static bool
has_socket(const char *pid, unsigned long inode)
{
	char path[300], want[32], link[64];
	const struct dirent *e;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	snprintf(want, sizeof want, "socket:[%lu]", inode);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (e = readdir(dir)) != NULL) {
		n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);
		if (n > 0) {
			link[n] = '\0';
			found = strcmp(link, want) == 0;
		}
	}
	closedir(dir);
	return found;
}

static bool
has_library(const char *pid)
{
	char path[300], line[4400];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%s/maps", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof line, f) != NULL)
		found = strstr(line, "/" PRELOAD_LIBRARY) != NULL;
	fclose(f);
	return found;
}

static void
read_name(const char *pid, char name[32])
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (f == NULL || fgets(name, 32, f) == NULL)
		strcpy(name, "a program");
	if (f != NULL)
		fclose(f);
	name[strcspn(name, "\n")] = '\0';
}

static void
report(const struct listener *l)
{
	const struct dirent *e;
	char name[32];
	DIR *proc = opendir("/proc");
	bool seen = false;

	while (proc != NULL && (e = readdir(proc)) != NULL) {
		if (strspn(e->d_name, "0123456789") != strlen(e->d_name) ||
		    !has_socket(e->d_name, l->inode))
			continue;
		seen = true;
		read_name(e->d_name, name);
		if (has_library(e->d_name))
			doctor_good("port", "%s: %s (%s) has the library",
			    l->text, name, e->d_name);
		else
			doctor_note("port", "%s: %s (%s) listens without the "
			    "library: it is in plaintext unless it has TLS of "
			    "its own; start it by dicomtls run", l->text,
			    name, e->d_name);
	}
	/* What a process has open and mapped is shown to those who might
	 * trace it (proc(5), ptrace(2)); Yama forbids attaching alone. */
	if (!seen)
		doctor_note("port", "%s: a program that cannot be looked into "
		    "listens: %s to see whether it has the library", l->text,
		    geteuid() != 0 ? "run this as root" : "run this outside "
		    "of the container, or give it CAP_SYS_PTRACE,");
	if (proc != NULL)
		closedir(proc);
}

void
doctor_ports(struct doctor *d)
{
	static const char *const files[] = { "/proc/net/tcp",
		"/proc/net/tcp6" };
	struct listener l;
	FILE *f;
	size_t i;

	if (policy_error(d->policy) != NULL)
		return;
	for (i = 0; i < 2; i++) {
		f = fopen(files[i], "r");
		while (f != NULL && next_listener(f, &l))
			if (policy_decide(d->policy, ROLE_SERVER,
			    (void *)&l.addr, sizeof l.addr, NULL, NULL) ==
			    VERDICT_TLS)
				report(&l);
		if (f != NULL)
			fclose(f);
	}
}
