/* SPDX-License-Identifier: Apache-2.0
 * fuzz_conf: dicomtls.conf.  Whatever it says, a configured port is never
 * plain because of a mistake in it. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include "policy/policy.h"

static int file = -1;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[64];

	(void)argc;
	(void)argv;
	file = memfd_create("dicomtls.conf", 0);
	MUST(file >= 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	setenv("DICOMTLS_CONFIG", path, 1);
	setenv("DICOMTLS_DIR", "/nonexistent", 1);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x0a010203),
		.sin_port = htons(2762) };
	const struct tlsconf *t = NULL;
	enum verdict v;
	struct policy *p;

	if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) !=
	    (ssize_t)size)
		return 0;
	p = policy_load();
	MUST(p != NULL);
	v = policy_decide(p, ROLE_CLIENT, (struct sockaddr *)&in, sizeof in,
	    "pacs.example.org", &t);
	MUST((v == VERDICT_TLS) == (t != NULL));
	if (policy_error(p) != NULL)
		MUST(v != VERDICT_TLS && policy_error(p)->text[0] != '\0');
	if (t != NULL)
		MUST(t->profile != NULL && t->cert != NULL && t->key != NULL &&
		    t->dir != NULL && t->handshake_timeout > 0 &&
		    t->min_version <= t->max_version);
	policy_free(p);
	return 0;
}
