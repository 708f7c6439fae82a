/* SPDX-License-Identifier: Apache-2.0
 * say: a relay's lines in the log; the same as those on Linux. */
#ifndef DICOMTLS_SAY_H
#define DICOMTLS_SAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "engine/engine.h"
#include "policy/policy.h"

/* What the lines tell of a connection. */
struct say {
	enum role role;
	const char *peer;	/* "host:port" */
	const char *name;	/* or NULL */
	const char *rule;
	unsigned long long began;	/* ms, GetTickCount64 */
	uint64_t bytes_in, bytes_out;
	unsigned char head[42];	/* of an A-ASSOCIATE-RQ */
	size_t head_len;
};

void say_opened(const struct say *s, const struct engine_info *info);
void say_failed(const struct say *s, const struct fail *why, bool open);
void say_ended(const struct say *s, const char *how);

/* Keeps the first bytes, which may hold the AE titles. */
void say_note(struct say *s, const void *data, size_t len);

#endif
