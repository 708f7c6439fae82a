/* SPDX-License-Identifier: Apache-2.0
 * unit: what a service's unit file says (systemd.service(5)). */
#ifndef DICOMTLS_UNIT_H
#define DICOMTLS_UNIT_H

#include <stdbool.h>

struct unit {
	char name[256];		/* "pacs.service" */
	char path[512];		/* its file, or "" */
	char program[1024];	/* of ExecStart, or "" */
	char preload[1024];	/* LD_PRELOAD of its Environment, or "" */
	bool shielded;		/* runs as a user of its own, or may not write
				   to /etc */
};

/*
 * Reads the unit NAME (".service" is added) from the folders of ROOT ("": this
 * system).  0; -ENOENT when there is no such file, U->name is set even so;
 * -EINVAL when NAME is no name of a service.
 */
int unit_read(const char *root, const char *name, struct unit *u);

#endif
