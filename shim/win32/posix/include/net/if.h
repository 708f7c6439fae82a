/* SPDX-License-Identifier: Apache-2.0
 * if: flags of an interface. */
#ifndef DICOMTLS_WIN32_NET_IF_H
#define DICOMTLS_WIN32_NET_IF_H

#define IFF_UP 1

#endif
