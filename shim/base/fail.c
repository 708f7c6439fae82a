/* SPDX-License-Identifier: Apache-2.0
 * fail: why something went wrong, as a stable reason and one sentence. */
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[REASONS] = {
	[REASON_NONE] = "none",
	[REASON_SETTING] = "setting",
	[REASON_ENGINE] = "engine",
	[REASON_CERTIFICATE] = "certificate",
	[REASON_KEY] = "key",
	[REASON_PASSWORD] = "password",
	[REASON_PEER_PLAIN] = "peer-plain",
	[REASON_NO_SHARED_CIPHER] = "no-shared-cipher",
	[REASON_VERSION] = "version",
	[REASON_EXPIRED] = "expired",
	[REASON_NOT_YET_VALID] = "not-yet-valid",
	[REASON_UNTRUSTED] = "untrusted",
	[REASON_REVOKED] = "revoked",
	[REASON_WEAK] = "weak",
	[REASON_PIN_MISMATCH] = "pin-mismatch",
	[REASON_NAME_MISMATCH] = "name-mismatch",
	[REASON_CLIENT_CERT_WANTED] = "client-cert-wanted",
	[REASON_REFUSED] = "refused",
	[REASON_TIMEOUT] = "timeout",
	[REASON_RESET] = "reset",
	[REASON_TRUNCATED] = "truncated",
	[REASON_TAKEN_OVER] = "taken-over",
	[REASON_UNSUPPORTED] = "unsupported",
	[REASON_RECORD] = "record",
	[REASON_SYSTEM] = "system",
};

void
fail_set(struct fail *f, enum reason reason, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (f == NULL || f->reason != REASON_NONE)
		return;
	f->reason = reason;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
fail_wire(struct fail *f, const char *peer, int error)
{
	bool ours = error == ENOBUFS || error == ENOMEM || error == EPERM;

	if (error == ECONNRESET || error == EPIPE)
		fail_set(f, REASON_RESET, "%s reset the connection: its log "
		    "tells more", peer);
	fail_set(f, REASON_SYSTEM, "the connection to %s broke (%s): %s", peer,
	    strerror(error), ours ? "this host lacks memory, or a firewall "
	    "of its own forbids it" : "see whether that host is up, and the "
	    "network and firewalls between let it pass");
}

void
fail_copy(struct fail *f, const struct fail *from)
{
	if (f != NULL && f->reason == REASON_NONE)
		*f = *from;
}

void
fail_clear(struct fail *f)
{
	f->reason = REASON_NONE;
	f->text[0] = '\0';
}

const char *
fail_reason_name(enum reason reason)
{
	return reason < REASONS ? names[reason] : names[REASON_NONE];
}
