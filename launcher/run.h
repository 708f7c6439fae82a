/* SPDX-License-Identifier: Apache-2.0
 * run: what has to be done before a program is run. */
#ifndef DICOMTLS_RUN_H
#define DICOMTLS_RUN_H

#include "policy/policy.h"

/*
 * Sets the environment in which a program becomes ours by become(): settings
 * that are paths become absolute, for the program may change its folder.  0,
 * or an exit status with the sentence said.
 */
int run_prepare(const struct policy *p);

#endif
