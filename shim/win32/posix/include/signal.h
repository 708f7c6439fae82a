/* SPDX-License-Identifier: Apache-2.0
 * signal: a broken pipe raises none. */
#ifndef DICOMTLS_WIN32_SIGNAL_H
#define DICOMTLS_WIN32_SIGNAL_H

#include_next <signal.h>

#define SIGPIPE 13

#endif
