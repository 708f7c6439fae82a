/* SPDX-License-Identifier: Apache-2.0
 * pki: certificates for the unit tests, good and bad ones. */
#ifndef DICOMTLS_UNIT_PKI_H
#define DICOMTLS_UNIT_PKI_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "unit.h"

struct pki {
	EVP_PKEY *key;
	X509 *cert;
};

/* What a certificate is to be; all zero is a good leaf for localhost. */
struct pki_want {
	const char *cn;		/* NULL: "localhost" */
	const char *san;	/* NULL: "DNS:localhost,IP:127.0.0.1" */
	const struct pki *ca;	/* NULL: signed by itself */
	EVP_PKEY *key;		/* NULL: a new one */
	bool is_ca;
	int rsa;		/* bits; 0: an EC key on P-256 */
	const char *curve;	/* in place of P-256 */
	int begin, end;		/* days from now; both 0: 0 to 30 */
};

static inline void
pki_extend(X509 *cert, const struct pki *ca, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, ca != NULL ? ca->cert : cert, cert, NULL, NULL,
	    0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (ext == NULL || X509_add_ext(cert, ext, -1) != 1)
		abort();
	X509_EXTENSION_free(ext);
}

static inline struct pki
pki_make(struct pki_want want)
{
	static long serial = 1000;
	struct pki p = { want.key, X509_new() };
	X509_NAME *name = X509_get_subject_name(p.cert);
	const char *cn = want.cn != NULL ? want.cn : "localhost";

	if (p.key == NULL)
		p.key = want.rsa != 0 ?
		    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)want.rsa) :
		    EVP_PKEY_Q_keygen(NULL, NULL, "EC", want.curve != NULL ?
		    want.curve : "P-256");
	if (p.key == NULL)
		abort();
	if (want.begin == 0 && want.end == 0)
		want.end = 30;
	X509_set_version(p.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(p.cert, want.ca != NULL ?
	    X509_get_subject_name(want.ca->cert) : name);
	X509_time_adj_ex(X509_getm_notBefore(p.cert), want.begin, -60, NULL);
	X509_time_adj_ex(X509_getm_notAfter(p.cert), want.end, 0, NULL);
	X509_set_pubkey(p.cert, p.key);
	pki_extend(p.cert, want.ca, NID_basic_constraints, want.is_ca ?
	    "critical,CA:TRUE" : "critical,CA:FALSE");
	pki_extend(p.cert, want.ca, NID_subject_key_identifier, "hash");
	if (!want.is_ca)
		pki_extend(p.cert, want.ca, NID_subject_alt_name, want.san !=
		    NULL ? want.san : "DNS:localhost,IP:127.0.0.1");
	else
		pki_extend(p.cert, want.ca, NID_key_usage,
		    "critical,keyCertSign,cRLSign");
	if (X509_sign(p.cert, want.ca != NULL ? want.ca->key : p.key,
	    EVP_sha256()) == 0)
		abort();
	return p;
}

static inline void
pki_free(struct pki *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
}

static inline void
pki_write_cert(const char *path, const struct pki *p)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || PEM_write_X509(f, p->cert) != 1 || fclose(f) != 0)
		abort();
}

/* Written beside and renamed, as an administrator's tool would. */
static inline void
pki_write(const char *cert, const char *key, const struct pki *p)
{
	FILE *f = fopen("key.new", "w");

	if (f == NULL || fchmod(fileno(f), 0600) < 0 ||
	    PEM_write_PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    fclose(f) != 0 || rename("key.new", key) < 0)
		abort();
	pki_write_cert("cert.new", p);
	if (rename("cert.new", cert) < 0)
		abort();
}

/* A list of CA's with CERT revoked (NULL: none), for DAYS days from now. */
static inline void
pki_write_crl(const char *path, const struct pki *ca, X509 *cert, int days)
{
	ASN1_TIME *t = X509_time_adj_ex(NULL, days < 0 ? days - 1 : 0, -60,
	    NULL);
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *r = X509_REVOKED_new();
	FILE *f = fopen(path, "w");

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert));
	X509_CRL_set1_lastUpdate(crl, t);
	if (cert != NULL) {
		X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(cert));
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(crl, X509_REVOKED_dup(r));
	}
	X509_time_adj_ex(t, days, 0, NULL);
	X509_CRL_set1_nextUpdate(crl, t);
	if (X509_CRL_sign(crl, ca->key, EVP_sha256()) == 0 || f == NULL ||
	    PEM_write_X509_CRL(f, crl) != 1 || fclose(f) != 0)
		abort();
	ASN1_TIME_free(t);
	X509_REVOKED_free(r);
	X509_CRL_free(crl);
}

#endif
