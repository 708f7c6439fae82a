/* SPDX-License-Identifier: Apache-2.0
 * auxv: no program gains privileges by being started. */
#ifndef DICOMTLS_WIN32_SYS_AUXV_H
#define DICOMTLS_WIN32_SYS_AUXV_H

#define AT_SECURE 23
#define getauxval(type) 0

#endif
