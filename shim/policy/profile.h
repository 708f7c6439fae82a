/* SPDX-License-Identifier: Apache-2.0
 * profile: the table of DICOM's secure transport profiles (PS3.15 Annex B). */
#ifndef DICOMTLS_PROFILE_H
#define DICOMTLS_PROFILE_H

#include <stddef.h>

#include "policy/policy.h"

/* The profile of that name, or NULL. */
const struct profile *profile_find(const char *name);

/* The I-th profile of the table, NULL behind the last. */
const struct profile *profile_at(size_t i);

/*
 * The first profile of the table that shares a suite with OFFERED, OpenSSL's
 * names separated by blanks; NULL if none does.  "null" is never advised.
 */
const struct profile *profile_meeting(const char *offered);

#endif
