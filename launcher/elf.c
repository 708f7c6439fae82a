/* SPDX-License-Identifier: Apache-2.0
 * elf: what kind of program a file is (elf(5)). */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file in memory; nothing in it can be relied upon. */
struct image {
	const unsigned char *bytes;
	size_t size;
};

/* LEN bytes at OFFSET, or NULL if the file is too short. */
static const void *
at(const struct image *m, size_t offset, size_t len)
{
	if (offset > m->size || len > m->size - offset)
		return NULL;
	return m->bytes + offset;
}

/* The same, copied: a broken file aligns nothing. */
static bool
copy(const struct image *m, size_t offset, void *to, size_t len)
{
	const void *from = at(m, offset, len);

	if (from != NULL)
		memcpy(to, from, len);
	return from != NULL;
}

/* Go's linker leaves a note of its own in every program. */
static bool
note_of_go(const struct image *m, const ElfW(Phdr) *p)
{
	const char *name;
	ElfW(Nhdr) n;
	size_t done = 0;

	while (done + sizeof n <= p->p_filesz) {
		if (!copy(m, p->p_offset + done, &n, sizeof n))
			return false;
		name = at(m, p->p_offset + done + sizeof n, n.n_namesz);
		if (name != NULL && n.n_namesz >= 3 &&
		    memcmp(name, "Go", 3) == 0)
			return true;
		done += sizeof n + (((size_t)n.n_namesz + 3) & ~(size_t)3) +
		    (((size_t)n.n_descsz + 3) & ~(size_t)3);
	}
	return false;
}

static void
look(const struct image *m, const ElfW(Ehdr) *h, struct elf *e)
{
	const char *loader;
	ElfW(Phdr) p;
	unsigned i;

	if (h->e_phentsize != sizeof p)
		return;
	for (i = 0; i < h->e_phnum; i++) {
		if (!copy(m, h->e_phoff + i * sizeof p, &p, sizeof p))
			return;
		loader = at(m, p.p_offset, p.p_filesz);
		if (p.p_type == PT_INTERP && loader != NULL)
			snprintf(e->loader, sizeof e->loader, "%.*s",
			    (int)p.p_filesz, loader);
		else if (p.p_type == PT_NOTE)
			e->go |= note_of_go(m, &p);
	}
}

static int
parse(const struct image *m, struct elf *e)
{
	const ElfW(Ehdr) *h = at(m, 0, sizeof *h);

	if (h == NULL || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	e->class = h->e_ident[EI_CLASS];
	e->data = h->e_ident[EI_DATA];
	e->machine = h->e_machine;
	if (e->class == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		look(m, h, e);
	return 0;
}

int
elf_read(const char *path, struct elf *e)
{
	struct image m = { NULL, 0 };
	struct stat st;
	int fd, rv;
	void *map;

	memset(e, 0, sizeof *e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rv = -ENOEXEC;
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(Elf32_Ehdr))
		goto out;
	m.size = (size_t)st.st_size;
	map = mmap(NULL, m.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		goto out;
	m.bytes = map;
	rv = parse(&m, e);
	munmap(map, m.size);
out:
	close(fd);
	return rv;
}

static const struct {
	unsigned machine;
	const char *name;
} machines[] = {
	{ EM_386, "x86 (32 bits)" },
	{ EM_X86_64, "x86-64" },
	{ EM_ARM, "ARM (32 bits)" },
	{ EM_AARCH64, "ARM (64 bits)" },
	{ EM_PPC64, "POWER" },
	{ EM_S390, "S/390" },
	{ EM_RISCV, "RISC-V" },
	{ EM_MIPS, "MIPS" },
	{ EM_SPARCV9, "SPARC" },
};

const char *
elf_machine_name(const struct elf *e)
{
	size_t i;

	for (i = 0; i < sizeof machines / sizeof machines[0]; i++)
		if (machines[i].machine == e->machine)
			return e->machine == EM_X86_64 &&
			    e->class == ELFCLASS32 ? "x32" : machines[i].name;
	return "another machine";
}
