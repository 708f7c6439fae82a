/* SPDX-License-Identifier: Apache-2.0
 * fuzz: what the targets share. */
#ifndef DICOMTLS_FUZZ_H
#define DICOMTLS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libFuzzer's names. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What must hold whatever comes in. */
#define MUST(x) do { if (!(x)) { fprintf(stderr, "broken: %s\n", #x); \
	abort(); } } while (0)

/* A copy with a NUL behind it; the caller frees it. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
