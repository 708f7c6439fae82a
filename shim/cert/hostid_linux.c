/* SPDX-License-Identifier: Apache-2.0
 * hostid: what names this machine and this user; Linux, machine-id(5). */
#include "cert/hostid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIGITS 32

/* "uninitialized" in a fresh image, zeros in a broken one: not ids. */
static bool
usable(const char *id)
{
	return strspn(id, "0123456789abcdef") == DIGITS &&
	    strspn(id, "0") != DIGITS;
}

static bool
from_file(const char *path, char out[HOSTID_SIZE])
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	n = read(fd, out, DIGITS);
	close(fd);
	out[n == DIGITS ? DIGITS : 0] = '\0';
	return usable(out);
}

int
hostid_machine(char out[HOSTID_SIZE], struct fail *f)
{
	if (from_file("/etc/machine-id", out) ||
	    from_file("/var/lib/dbus/machine-id", out))
		return 0;
	fail_set(f, REASON_PASSWORD, "this host has no usable machine id in "
	    "/etc/machine-id (containers often have none), so the key's "
	    "password cannot be derived from it: set "
	    "DICOMTLS_KEY_PASSWORD_FILE, or make an id with "
	    "systemd-machine-id-setup");
	return -ENOENT;
}

int
hostid_user(char out[HOSTID_SIZE], struct fail *f)
{
	(void)f;
	snprintf(out, HOSTID_SIZE, "%u", (unsigned)geteuid());
	return 0;
}
