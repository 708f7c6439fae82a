/* SPDX-License-Identifier: Apache-2.0
 * fuzz_peers: known_peers.  A file that is not understood trusts nobody. */
#include "fuzz.h"

#include <fcntl.h>

#include "cert/peers.h"

#define FP "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char dir[] = "/tmp/dicomtls-fuzz-XXXXXX";

static void
clean(void)
{
	char path[80];

	snprintf(path, sizeof path, "%s/" PEERS_FILE, dir);
	unlink(path);
	rmdir(dir);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	MUST(mkdtemp(dir) != NULL);
	atexit(clean);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peers_line other;
	struct fail f = { 0 };
	char path[80];
	int fd, r;

	snprintf(path, sizeof path, "%s/" PEERS_FILE, dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	r = peers_find(dir, "pacs.example.org:2762", FP, &other, &f);
	if (r < 0)
		MUST(f.reason != REASON_NONE);
	/* The digits have to be there for it, in whatever form. */
	if (r == PEERS_KNOWN)
		MUST(size >= 44);
	if (r == PEERS_OTHER)
		MUST(strlen(other.fingerprint) == 64);
	return 0;
}
