/* SPDX-License-Identifier: Apache-2.0
 * wrap: how the host secret lies in its file; Linux, as it is. */
#include "cert/wrap.h"

#include <errno.h>
#include <string.h>

int
wrap_secret(const unsigned char *secret, size_t len, struct buf *out,
    struct fail *f)
{
	if (buf_append(out, secret, len) == 0)
		return 0;
	fail_set(f, REASON_SYSTEM, "there is no memory");
	return -ENOMEM;
}

int
wrap_open(struct buf *in, const char *path, unsigned char *secret, size_t len,
    struct fail *f)
{
	if (buf_len(in) != len) {
		fail_set(f, REASON_PASSWORD, "the host secret %s has %zu "
		    "bytes, not %zu: it is damaged; restore it, or make a new "
		    "identity (remove it, then dicomtls-certtool generate "
		    "--force)", path, buf_len(in), len);
		return -EINVAL;
	}
	memcpy(secret, buf_head(in), len);
	return 0;
}
