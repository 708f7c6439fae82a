/* SPDX-License-Identifier: Apache-2.0
 * say: a relay's lines in the log; the same as those on Linux. */
#include "win32/say.h"

#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "dicom/pdu.h"

static const char *
role_name(const struct say *s)
{
	return s->role == ROLE_CLIENT ? "client" : "server";
}

static const char *
direction(const struct say *s)
{
	return s->role == ROLE_CLIENT ? "to" : "from";
}

static void
elapsed(const struct say *s, char ms[24])
{
	snprintf(ms, 24, "%llu", GetTickCount64() - s->began);
}

void
say_opened(const struct say *s, const struct engine_info *i)
{
	char ms[24];
	struct log_field fields[] = {
		{ "role", role_name(s) }, { "peer", s->peer },
		{ "name", s->name }, { "version", i->version },
		{ "cipher", i->cipher }, { "subject", i->subject },
		{ "fingerprint", i->fingerprint },
		{ "verified", i->verified }, { "rule", s->rule },
		{ "milliseconds", ms }, { NULL, NULL },
	};

	elapsed(s, ms);
	log_event(LOG_LEVEL_INFO, "handshake", fields,
	    "%s %s%s%s%s: %s, %s, key SHA-256 %s, verified: %s, %s ms",
	    direction(s), s->peer, s->name != NULL ? " (" : "",
	    s->name != NULL ? s->name : "", s->name != NULL ? ")" : "",
	    i->version, i->cipher, i->fingerprint[0] != '\0' ?
	    i->fingerprint : "none", i->verified, ms);
}

void
say_failed(const struct say *s, const struct fail *why, bool open)
{
	struct log_field fields[] = {
		{ "role", role_name(s) }, { "peer", s->peer },
		{ "reason", fail_reason_name(why->reason) }, { NULL, NULL },
	};

	if (why->reason == REASON_NONE)
		return;
	log_event(open && why->reason == REASON_RESET ? LOG_LEVEL_WARN :
	    LOG_LEVEL_ERROR, "failure", fields, "%s%s", why->text,
	    open ? "" : " (handshake failed)");
}

void
say_note(struct say *s, const void *data, size_t len)
{
	size_t n = sizeof s->head - s->head_len;

	if (n > len)
		n = len;
	memcpy(s->head + s->head_len, data, n);
	s->head_len += n;
}

void
say_ended(const struct say *s, const char *how)
{
	char called[17] = "", calling[17] = "", in[24], out[24], ms[24];
	bool dicom = pdu_titles(s->head, s->head_len, called, calling);
	struct log_field fields[] = {
		{ "role", role_name(s) }, { "peer", s->peer },
		{ "bytes_in", in }, { "bytes_out", out },
		{ "milliseconds", ms },
		{ "calling_ae", dicom ? calling : NULL },
		{ "called_ae", dicom ? called : NULL },
		{ "how", how }, { NULL, NULL },
	};

	elapsed(s, ms);
	snprintf(in, sizeof in, "%llu", (unsigned long long)s->bytes_in);
	snprintf(out, sizeof out, "%llu", (unsigned long long)s->bytes_out);
	log_event(LOG_LEVEL_INFO, "end", fields, "%s %s%s%s%s%s%s ended: "
	    "%s bytes in, %s bytes out, %s ms, %s", direction(s), s->peer,
	    dicom ? " (AE " : "", calling, dicom ? " to " : "", called,
	    dicom ? ")" : "", in, out, ms, how);
}
