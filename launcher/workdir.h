/* SPDX-License-Identifier: Apache-2.0
 * workdir: a private folder for what a recording needs on the way. */
#ifndef DICOMTLS_WORKDIR_H
#define DICOMTLS_WORKDIR_H

#include <stddef.h>

#include "base/fail.h"

/*
 * Makes one beside PATH, with an RSA key that opens nothing in any.pem (see
 * ladder.h), and puts its absolute name into FOLDER of SIZE bytes.  0, or
 * -errno with the sentence in F and nothing left.
 */
int workdir_make(char *folder, size_t size, const char *path, struct fail *f);

/* Removes it with all files in it; "" is none. */
void workdir_remove(const char *folder);

#endif
