/* SPDX-License-Identifier: Apache-2.0
 * elf: what kind of program a file is (elf(5)). */
#ifndef DICOMTLS_ELF_H
#define DICOMTLS_ELF_H

#include <stdbool.h>

struct elf {
	unsigned char class, data;	/* EI_CLASS, EI_DATA */
	unsigned machine;		/* e_machine */
	char loader[256];		/* PT_INTERP, "": none (static) */
	bool go;			/* made by Go: raw system calls */
};

/*
 * Reads the headers of PATH.  0; -ENOEXEC if it is no ELF file; -errno.  Of a
 * program for another machine only class, data and machine are filled in.
 */
int elf_read(const char *path, struct elf *e);

/* "x86-64", "ARM (32 bits)"; never NULL. */
const char *elf_machine_name(const struct elf *e);

#endif
