/* SPDX-License-Identifier: Apache-2.0
 * text: between our UTF-8 and Windows' UTF-16, and between both's errors. */
#ifndef DICOMTLS_TEXT_H
#define DICOMTLS_TEXT_H

#include <stddef.h>
#include <wchar.h>

/* UTF-8 to UTF-16, allocated; with PATH a "/" becomes "\".  NULL with errno:
 * EINVAL for what is no UTF-8, ENOMEM. */
wchar_t *text_wide(const char *s);
wchar_t *text_path(const char *s);

/* UTF-16 to UTF-8, allocated; NULL with errno. */
char *text_utf8(const wchar_t *w);

/* The errno for an error of Windows' or Winsock's. */
int text_errno(unsigned long error);

/* What Windows says about it, without a full stop; the buffer is given back. */
const char *text_error(unsigned long error, char *buf, size_t size);

#endif
