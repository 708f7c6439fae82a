/* SPDX-License-Identifier: Apache-2.0
 * profile: the table of DICOM's secure transport profiles (PS3.15 Annex B). */
#include "policy/profile.h"

#include <string.h>
#include <strings.h>

/* RFC 9325 (4.2) names these four for TLS 1.2, in this order. */
#define RFC9325 \
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"

/* RFC 8446 (9.1) in its order: shall, should, should. */
#define RFC8446 \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"

/* RFC 7525 (4.2), as the retired profiles B.9 to B.11 have them. */
#define RFC7525 \
	"ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384"

#define MODIFIED \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-AES256-CCM:ECDHE-ECDSA-AES256-CCM8:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:" \
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-CCM8"

#define MODIFIED_13 \
	"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:" \
	"TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:" \
	"TLS_AES_128_CCM_8_SHA256"

static const struct profile table[] = {
	{
		.name = "bcp195",
		.source = "PS3.15 B.12",
		.min_version = TLS_1_2,
		.max_version = TLS_1_3,
		.ciphers = RFC9325,
		.suites = RFC8446,
		.min_rsa_bits = 2048,
	},
	{
		.name = "bcp195-modified",
		.source = "PS3.15 B.13",
		.min_version = TLS_1_2,
		.max_version = TLS_1_3,
		.ciphers = MODIFIED,
		.suites = MODIFIED_13,
		.min_rsa_bits = 2048,
		.min_ec_bits = 256,
	},
	{
		.name = "bcp195-nd",
		.source = "PS3.15 B.10",
		.min_version = TLS_1_2,
		.max_version = TLS_1_3,
		.ciphers = RFC7525,
		.suites = RFC8446,
	},
	{
		.name = "bcp195-extended",
		.source = "PS3.15 B.11",
		.min_version = TLS_1_2,
		.max_version = TLS_1_2,
		.ciphers = RFC7525 ":ECDHE-ECDSA-AES128-GCM-SHA256:"
		    "ECDHE-ECDSA-AES256-GCM-SHA384",
		.min_rsa_bits = 2048,
		.min_ec_bits = 256,
		.min_dh_bits = 2048,
	},
	{
		.name = "bcp195-downgrade",
		.source = "PS3.15 B.9",
		.min_version = TLS_1_0,
		.max_version = TLS_1_3,
		.ciphers = RFC7525 ":AES128-SHA",
		.suites = RFC8446,
		.weak = true,
		.warning = "profile bcp195-downgrade accepts TLS 1.0 and 1.1, "
		    "which RFC 8996 forbids: keep it for peers that have "
		    "nothing newer",
	},
	{
		.name = "aes",
		.source = "PS3.15 B.3",
		.min_version = TLS_1_0,
		.max_version = TLS_1_2,
		.ciphers = "AES128-SHA",
		.weak = true,
		.warning = "profile aes (retired) has no forward secrecy and "
		    "accepts TLS 1.0 and 1.1, which RFC 8996 forbids: keep it "
		    "for peers that have nothing newer",
	},
	{
		/* Classes that exclude by themselves, for at level 0 "ALL"
		 * would bring the suites without authentication back. */
		.name = "legacy",
		.source = "none",
		.min_version = TLS_1_0,
		.max_version = TLS_1_2,
		.ciphers = "HIGH:MEDIUM:!aNULL:!eNULL:!PSK:!SRP",
		.weak = true,
		.legacy_server = true,
		.warning = "profile legacy accepts TLS 1.0 and 1.1 and old "
		    "suites, which RFC 8996 and RFC 9325 forbid: keep it for "
		    "peers that have nothing newer",
	},
	{
		.name = "null",
		.source = "IHE ATNA",
		.min_version = TLS_1_0,
		.max_version = TLS_1_2,
		.ciphers = "NULL-SHA",
		.weak = true,
		.warning = "profile null ENCRYPTS NOTHING: everyone on the "
		    "network can read the patients' data; it only keeps them "
		    "from being changed",
	},
};

const struct profile *
profile_at(size_t i)
{
	return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const struct profile *
profile_find(const char *name)
{
	const struct profile *p;
	size_t i;

	for (i = 0; (p = profile_at(i)) != NULL; i++)
		if (strcasecmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* Is the word (LEN bytes) one of the colon-separated LIST's? */
static bool
listed(const char *list, const char *word, size_t len)
{
	size_t n;

	for (; list != NULL && *list != '\0'; list += list[n] == ':' ? n + 1 : n) {
		n = strcspn(list, ":");
		if (n == len && strncmp(list, word, len) == 0)
			return true;
	}
	return false;
}

/* Legacy names classes: all that encrypts and authenticates by certificate. */
static bool
in_legacy(const char *word, size_t len)
{
	static const char *const out[] = { "TLS_", "NULL", "ADH-", "AECDH-",
		"PSK", "SRP" };
	size_t i;

	for (i = 0; i < sizeof out / sizeof out[0]; i++)
		if (memmem(word, len, out[i], strlen(out[i])) != NULL)
			return false;
	return true;
}

static bool
meets(const struct profile *p, const char *offered)
{
	size_t len;

	for (; *offered != '\0'; offered += len + strspn(offered + len, " ")) {
		len = strcspn(offered, " ");
		if (listed(p->ciphers, offered, len) ||
		    listed(p->suites, offered, len) ||
		    (p->legacy_server && in_legacy(offered, len)))
			return true;
	}
	return false;
}

const struct profile *
profile_meeting(const char *offered)
{
	const struct profile *p;
	size_t i;

	offered += strspn(offered, " ");
	for (i = 0; (p = profile_at(i)) != NULL; i++)
		if (strcmp(p->name, "null") != 0 && meets(p, offered))
			return p;
	return NULL;
}
