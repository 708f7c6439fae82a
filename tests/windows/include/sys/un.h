/* SPDX-License-Identifier: Apache-2.0
 * un: for the unit tests; Windows has this family too (afunix.h). */
#ifndef DICOMTLS_TEST_WINDOWS_UN_H
#define DICOMTLS_TEST_WINDOWS_UN_H

#include <afunix.h>

#endif
