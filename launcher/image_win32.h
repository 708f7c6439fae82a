/* SPDX-License-Identifier: Apache-2.0
 * image: what machine a program file is for; Windows. */
#ifndef DICOMTLS_IMAGE_H
#define DICOMTLS_IMAGE_H

#include <wchar.h>

#include "base/fail.h"

/*
 * 0 if this launcher can get into the program file PATH (the PE format's
 * specification, "COFF File Header").  -ENOEXEC with the sentence in F for a
 * program of another machine type and for a file that is no program; another
 * -errno if it cannot be read.
 */
int image_fits(const wchar_t *path, struct fail *f);

#endif
