/* SPDX-License-Identifier: Apache-2.0
 * capture: what its files share. */
#ifndef DICOMTLS_CAPTURE_H
#define DICOMTLS_CAPTURE_H

#include "ladder.h"
#include "outfile.h"
#include "policy/policy.h"

struct capture {
	const struct policy *policy;
	struct ports ports;
	const char *interface;
	bool secrets, redact, force;
	char **argv;		/* the launcher's */
	int first;		/* of the program, in argv */
	const char *program;	/* its name without folders, or NULL */
	struct outfile recording, picture, summary;
	char folder[PATH_MAX];	/* see workdir.h */
	FILE *terminal;		/* where the summary goes without a file */
	bool shaken;		/* some connection began with TLS */
	bool wanted;		/* the summary was asked for in words */
	bool bad;		/* something of ours went wrong */
};

/* The recording C->recording, or FOLDER's own, becomes the summary and the
 * picture; the ports that were used go to C->ports. */
void capture_summary(struct capture *c, const char *path, bool keylog);

/* Tells what the recording holds, and how to open it. */
void capture_tell(const struct capture *c, bool secrets,
    unsigned long packets);

/* Says F as something that went wrong. */
void capture_wrong(struct capture *c, const struct fail *f);

#endif
