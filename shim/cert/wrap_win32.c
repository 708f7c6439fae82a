/* SPDX-License-Identifier: Apache-2.0
 * wrap: how the host secret lies in its file; Windows, encrypted by DPAPI. */
#include "cert/wrap.h"

#include <winsock2.h>
#include <windows.h>

#include <wincrypt.h>

#include <errno.h>
#include <string.h>

#include "win32/posix/text.h"

/* What else is encrypted for this user does not serve as a host secret. */
static DATA_BLOB
purpose(void)
{
	static unsigned char text[] = "dicomtls 1 host secret";

	return (DATA_BLOB){ sizeof text - 1, text };
}

int
wrap_secret(const unsigned char *secret, size_t len, struct buf *out,
    struct fail *f)
{
	DATA_BLOB in = { (DWORD)len, (BYTE *)secret }, more = purpose(),
	    wrapped;
	char text[300];
	int r;

	if (!CryptProtectData(&in, L"dicomtls", &more, NULL, NULL,
	    CRYPTPROTECT_UI_FORBIDDEN, &wrapped)) {
		fail_set(f, REASON_PASSWORD, "Windows does not encrypt the "
		    "host secret for this user (DPAPI): %s; set "
		    "DICOMTLS_KEY_PASSWORD_FILE", text_error(GetLastError(),
		    text, sizeof text));
		return -EIO;
	}
	r = buf_append(out, wrapped.pbData, wrapped.cbData);
	LocalFree(wrapped.pbData);
	if (r < 0)
		fail_set(f, REASON_SYSTEM, "there is no memory");
	return r;
}

int
wrap_open(struct buf *in, const char *path, unsigned char *secret, size_t len,
    struct fail *f)
{
	DATA_BLOB wrapped = { (DWORD)buf_len(in), buf_head(in) },
	    more = purpose(), out = { 0 };
	int r = -EINVAL;

	if (CryptUnprotectData(&wrapped, NULL, &more, NULL, NULL,
	    CRYPTPROTECT_UI_FORBIDDEN, &out) && out.cbData == len) {
		memcpy(secret, out.pbData, len);
		r = 0;
	} else {
		fail_set(f, REASON_PASSWORD, "Windows does not decrypt the "
		    "host secret %s (DPAPI): another user or another machine "
		    "made it, or it is damaged; restore it, or make a new "
		    "identity (remove it, then dicomtls-certtool generate "
		    "--force)", path);
	}
	if (out.pbData != NULL) {
		SecureZeroMemory(out.pbData, out.cbData);
		LocalFree(out.pbData);
	}
	return r;
}
