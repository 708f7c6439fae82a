/* SPDX-License-Identifier: Apache-2.0
 * verify: whether the peer's certificate is good enough: by CA, pin or first
 * use. */
#include "engine/verify.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "engine/roots.h"
#include "engine/sslerr.h"

static const char *const how[] = { "none", "ca", "pin", "tofu" };

static void
note_peer(struct engine *e, X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;

	X509_NAME_oneline(X509_get_subject_name(cert), e->subject,
	    sizeof e->subject);
	if (X509_pubkey_digest(cert, EVP_sha256(), digest, &len) != 1)
		return;
	for (i = 0; i < len && i < 32; i++)
		snprintf(e->fingerprint + 2 * i, 3, "%02x", digest[i]);
}

/* Whether FINGERPRINT is one of the comma-separated PINS. */
static bool
pinned(const char *pins, const char *fingerprint)
{
	size_t len = strlen(fingerprint), n;

	for (; pins != NULL && *pins != '\0'; pins += n) {
		pins += strspn(pins, ", ");
		n = strcspn(pins, ", ");
		if (n == len && strncasecmp(pins, fingerprint, n) == 0)
			return true;
	}
	return false;
}

static int
verify_pin(struct engine *e)
{
	if (pinned(e->conf->pins, e->fingerprint))
		return 1;
	fail_set(&e->fail, REASON_PIN_MISMATCH, "%s showed a certificate with "
	    "the key SHA-256 %s (%s), which is none of the pinned ones (%s): "
	    "if it is the right peer, add that fingerprint to the pins",
	    e->peer, e->fingerprint, e->subject, e->conf->rule);
	return 0;
}

static int
verify_peer(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct engine *e = SSL_get_app_data(ssl);
	enum verify mode = e->conf->verify[e->role];
	int good = 1;

	(void)arg;
	note_peer(e, X509_STORE_CTX_get0_cert(store));
	if (mode == VERIFY_CA)
		good = X509_verify_cert(store) > 0;
	else if (mode == VERIFY_PIN)
		good = verify_pin(e);
	else if (mode == VERIFY_TOFU)
		good = 0;
	e->verified = good ? how[mode] : NULL;
	if (mode != VERIFY_CA)
		X509_STORE_CTX_set_error(store, good ? X509_V_OK :
		    X509_V_ERR_APPLICATION_VERIFICATION);
	return good;
}

static int
load_trust(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	struct stat st;
	char text[256];
	int ok;

	if (conf->ca == NULL)
		ok = roots_load(ctx);
	else if (stat(conf->ca, &st) == 0 && S_ISDIR(st.st_mode))
		ok = X509_STORE_load_path(store, conf->ca);
	else
		ok = X509_STORE_load_file(store, conf->ca);
	if (ok == 1)
		return 0;
	fail_set(f, REASON_SETTING, "DICOMTLS_CA=%s cannot be read as trusted "
	    "certificates: %s; it must be a PEM file or a folder made with "
	    "`openssl rehash`", conf->ca, sslerr_text(text, sizeof text));
	return -EINVAL;
}

static int
load_crl(SSL_CTX *ctx, const struct tlsconf *conf, struct fail *f)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	struct stat st;
	char text[256];
	int ok;

	if (conf->crl == NULL)
		return 0;
	if (stat(conf->crl, &st) == 0 && S_ISDIR(st.st_mode))
		ok = X509_STORE_load_path(store, conf->crl);
	else
		ok = X509_STORE_load_file(store, conf->crl);
	if (ok == 1) {
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
		return 0;
	}
	fail_set(f, REASON_SETTING, "DICOMTLS_CRL=%s cannot be read as "
	    "revocation lists: %s; it must be a PEM file or a folder made with "
	    "`openssl rehash`", conf->crl, sslerr_text(text, sizeof text));
	return -EINVAL;
}

int
verify_context(SSL_CTX *ctx, const struct tlsconf *conf, enum role role,
    struct fail *f)
{
	enum verify mode = conf->verify[role];
	int flags = SSL_VERIFY_NONE;

	if (mode != VERIFY_NONE)
		flags = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ctx, flags, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_peer, NULL);
	if (mode != VERIFY_CA)
		return 0;
	if (load_trust(ctx, conf, f) < 0)
		return -EINVAL;
	return load_crl(ctx, conf, f);
}

/* A server's name is what the program asked for, or else its address. */
void
verify_setup(struct engine *e)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(e->ssl);
	char host[80];
	char *colon;

	if (e->conf->verify[e->role] != VERIFY_CA)
		return;
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (e->name != NULL) {
		if (X509_VERIFY_PARAM_set1_ip_asc(param, e->name) != 1)
			X509_VERIFY_PARAM_set1_host(param, e->name, 0);
		return;
	}
	if (e->role == ROLE_SERVER)
		return;
	snprintf(host, sizeof host, "%s", e->peer[0] == '[' ? e->peer + 1 :
	    e->peer);
	colon = strrchr(host, ':');
	if (colon != NULL)
		*colon = '\0';
	if (host[0] != '\0' && host[strlen(host) - 1] == ']')
		host[strlen(host) - 1] = '\0';
	X509_VERIFY_PARAM_set1_ip_asc(param, host);
}
