/* SPDX-License-Identifier: Apache-2.0
 * roots: the authorities that the system trusts; Windows' ROOT store. */
#include "engine/roots.h"

#include <winsock2.h>
#include <windows.h>

#include <wincrypt.h>

/* wincrypt.h makes words of these. */
#undef X509_NAME
#undef X509_EXTENSIONS
#undef PKCS7_SIGNER_INFO
#undef OCSP_REQUEST
#undef OCSP_RESPONSE

#include <openssl/x509.h>

int
roots_load(SSL_CTX *ctx)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	HCERTSTORE roots = CertOpenSystemStoreW(0, L"ROOT");
	const CERT_CONTEXT *c = NULL;
	const unsigned char *der;
	X509 *cert;

	if (roots == NULL)
		return 0;
	while ((c = CertEnumCertificatesInStore(roots, c)) != NULL) {
		der = c->pbCertEncoded;
		cert = d2i_X509(NULL, &der, (long)c->cbCertEncoded);
		if (cert != NULL)
			X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	CertCloseStore(roots, 0);
	return 1;
}
