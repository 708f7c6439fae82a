/* SPDX-License-Identifier: Apache-2.0
 * roots: the authorities that the system trusts; OpenSSL's own folder. */
#include "engine/roots.h"

int
roots_load(SSL_CTX *ctx)
{
	return SSL_CTX_set_default_verify_paths(ctx);
}
