/* SPDX-License-Identifier: Apache-2.0
 * replay: runs a target over its corpus, each file whole and cut short. */
#include "fuzz.h"

#include <dirent.h>

enum { CUTS = 64, LARGEST = 1 << 20 };

static uint8_t data[LARGEST];

__attribute__((weak)) int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* A copy of exactly the size: a sanitizer sees who reads behind it. */
static void
run(size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	MUST(copy != NULL);
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
replay(const char *folder, const char *name)
{
	char path[4096];
	size_t size, i;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "r");
	MUST(f != NULL);
	size = fread(data, 1, sizeof data, f);
	fclose(f);
	run(size);
	for (i = 0; i < CUTS && size > 0; i++)
		run(i * size / CUTS);
}

int
main(int argc, char **argv)
{
	const char *src = getenv("SRCDIR"), *name = strrchr(argv[0], '/');
	char folder[2048];
	struct dirent *d;
	int files = 0;
	DIR *dir;

	name = name != NULL ? name + 1 : argv[0];
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s",
	    src != NULL ? src : ".", name);
	LLVMFuzzerInitialize(&argc, &argv);
	dir = opendir(folder);
	MUST(dir != NULL);
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.') {
			replay(folder, d->d_name);
			files++;
		}
	closedir(dir);
	MUST(files > 0);
	printf("fuzz: %d passed, 0 failed\n", files);
	return 0;
}
