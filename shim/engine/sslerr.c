/* SPDX-License-Identifier: Apache-2.0
 * sslerr: OpenSSL's errors as a reason and a sentence. */
#include "engine/sslerr.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "engine/session.h"
#include "policy/profile.h"

const char *
sslerr_text(char *buf, size_t size)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	snprintf(buf, size, "%s", code == 0 ? "no reason given" :
	    reason != NULL ? reason : "an unnamed error");
	return buf;
}

/* No suite, no version -------------------------------------------------------- */

static const char *
version_name(int version)
{
	static const char *const names[] = { "1.0", "1.1", "1.2", "1.3" };

	return version >= TLS_1_0 && version <= TLS_1_3 ?
	    names[version - TLS_1_0] : "?";
}

/* What both sides have, for the middle of a sentence: "(ours is …)". */
static void
both_sides(const struct engine *e, char *buf, size_t size)
{
	const struct tlsconf *conf = e->conf;

	snprintf(buf, size, "ours is TLS %s to %s, %s %.160s%s%.300s",
	    version_name(conf->min_version), version_name(conf->max_version),
	    policy_names_ciphers(conf) ? "suites" : "profile",
	    policy_names_ciphers(conf) ? conf->ciphers : conf->profile->name,
	    e->offered != NULL ? "; it offered " : "",
	    e->offered != NULL ? e->offered : "");
}

/* Which setting would help; what a server has only probing can tell. */
static void
cure_cipher(struct engine *e, char *buf, size_t size)
{
	const struct profile *p = e->offered != NULL ?
	    profile_meeting(e->offered) : NULL;

	if (e->offered == NULL)
		snprintf(buf, size, "`dicomtls probe %s` tells which "
		    "DICOMTLS_PROFILE would", e->peer);
	else if (p == NULL)
		snprintf(buf, size, "no DICOMTLS_PROFILE has one of these, it "
		    "needs other settings or newer software");
	else if (policy_names_ciphers(e->conf))
		snprintf(buf, size, "put one of these into DICOMTLS_CIPHERS, "
		    "or unset it: DICOMTLS_PROFILE=%s has one", p->name);
	else if (strcmp(p->name, e->conf->profile->name) == 0)
		snprintf(buf, size, "it can only use a certificate of another "
		    "kind than ours, RSA or EC: set one in DICOMTLS_CERT");
	else
		snprintf(buf, size, "DICOMTLS_PROFILE=%s would, or allow one "
		    "of ours there", p->name);
}

static void
explain_cipher(struct engine *e)
{
	char sides[600], cure[400];

	both_sides(e, sides, sizeof sides);
	cure_cipher(e, cure, sizeof cure);
	fail_set(e->fail, REASON_NO_SHARED_CIPHER, "%s and we have no cipher "
	    "suite in common (%s): %s", e->peer, sides, cure);
}

static void
explain_version(struct engine *e)
{
	char sides[600];

	both_sides(e, sides, sizeof sides);
	fail_set(e->fail, REASON_VERSION, "%s and we have no TLS version in "
	    "common (%s): for an old peer set DICOMTLS_MIN_VERSION=1.0 or "
	    "DICOMTLS_PROFILE=legacy, for a new one raise "
	    "DICOMTLS_MAX_VERSION", e->peer, sides);
}

/* The peer's certificate ------------------------------------------------------ */

static void
explain_name(struct engine *e)
{
	fail_set(e->fail, REASON_NAME_MISMATCH, "%s showed the certificate "
	    "%s, which is for another name than %s: connect by a name that is "
	    "in it, or set name = for that peer in dicomtls.conf", e->peer,
	    session_text(e->blamed), e->name != NULL ? e->name : "its address");
}

static void
explain_revocation(struct engine *e, const char *said)
{
	fail_set(e->fail, REASON_UNTRUSTED, "whether the certificate %s of %s "
	    "is revoked cannot be told (%s): put a fresh revocation list of "
	    "its CA into %s", session_text(e->blamed), e->peer, said,
	    e->conf->crl != NULL ? e->conf->crl : "DICOMTLS_CRL");
}

static void
explain_untrusted(struct engine *e, const char *said)
{
	fail_set(e->fail, REASON_UNTRUSTED, "%s showed the certificate %s, "
	    "which we do not trust (%s): add its CA to DICOMTLS_CA, or pin "
	    "its key SHA-256 %s", e->peer, session_text(e->blamed), said, e->fingerprint);
}

static void
explain_verify(struct engine *e)
{
	long v = SSL_get_verify_result(e->ssl);
	const char *said = X509_verify_cert_error_string(v);

	switch (v) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		fail_set(e->fail, REASON_EXPIRED, "%s showed the certificate "
		    "%s, which has expired: renew it there", e->peer,
		    session_text(e->blamed));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		fail_set(e->fail, REASON_NOT_YET_VALID, "%s showed the "
		    "certificate %s, which is not yet valid: check the clocks "
		    "of both hosts", e->peer, session_text(e->blamed));
		break;
	case X509_V_ERR_CERT_REVOKED:
		fail_set(e->fail, REASON_REVOKED, "%s showed the certificate "
		    "%s, which its CA has revoked: it needs a new one",
		    e->peer, session_text(e->blamed));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		explain_name(e);
		break;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		fail_set(e->fail, REASON_WEAK, "%s showed the certificate %s, "
		    "which is too weak (%s): it needs a new one", e->peer,
		    session_text(e->blamed), said);
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
		explain_revocation(e, said);
		break;
	default:
		explain_untrusted(e, said);
	}
}

/* The peer's alerts ----------------------------------------------------------- */

static bool
about_certificates(int alert)
{
	return alert == SSL3_AD_BAD_CERTIFICATE ||
	    alert == SSL3_AD_UNSUPPORTED_CERTIFICATE ||
	    alert == SSL3_AD_CERTIFICATE_REVOKED ||
	    alert == SSL3_AD_CERTIFICATE_EXPIRED ||
	    alert == SSL3_AD_CERTIFICATE_UNKNOWN ||
	    alert == SSL3_AD_NO_CERTIFICATE ||
	    alert == TLS1_AD_UNKNOWN_CA || alert == TLS1_AD_ACCESS_DENIED;
}

static void
explain_refusal(struct engine *e, int alert)
{
	const char *text = SSL_alert_desc_string_long(alert);

	if (e->role == ROLE_SERVER && !e->open &&
	    alert == SSL3_AD_HANDSHAKE_FAILURE)
		fail_set(e->fail, REASON_REFUSED, "%s refused us with the TLS "
		    "alert \"%s\" when it had seen our certificate: let it "
		    "trust %s; its log tells more", e->peer, text,
		    e->conf->cert);
	else if (!about_certificates(alert))
		fail_set(e->fail, REASON_REFUSED, "%s refused us with the TLS "
		    "alert \"%s\": its log tells more", e->peer, text);
	else if (e->role == ROLE_CLIENT && !e->conf->client_cert)
		fail_set(e->fail, REASON_REFUSED, "%s refused us with the TLS "
		    "alert \"%s\", although we showed no certificate: its log "
		    "tells more; DICOMTLS_CLIENT_CERT=yes shows ours",
		    e->peer, text);
	else
		fail_set(e->fail, REASON_REFUSED, "%s refused our certificate "
		    "with the TLS alert \"%s\": let it trust %s, or show it "
		    "one that it trusts (DICOMTLS_CERT)", e->peer, text,
		    e->conf->cert);
}

/* Before TLS 1.3 a server that misses our certificate has no alert for it
 * (RFC 5246, 7.4.6).  Once the handshake is over nothing is wrong with suites
 * and versions: a peer that may not negotiate anew says handshake_failure.  A
 * client that says it has seen our choice and our certificate. */
static void
explain_alert(struct engine *e, int alert)
{
	if (alert == TLS13_AD_CERTIFICATE_REQUIRED ||
	    (e->asked && (alert == SSL3_AD_HANDSHAKE_FAILURE ||
	    about_certificates(alert))))
		fail_set(e->fail, REASON_CLIENT_CERT_WANTED, "%s wants a "
		    "certificate of ours (alert \"%s\"): set "
		    "DICOMTLS_CLIENT_CERT=yes and let it trust %s", e->peer,
		    SSL_alert_desc_string_long(alert), e->conf->cert);
	else if (e->open || (e->role == ROLE_SERVER &&
	    alert == SSL3_AD_HANDSHAKE_FAILURE))
		explain_refusal(e, alert);
	else if (alert == SSL3_AD_HANDSHAKE_FAILURE ||
	    alert == TLS1_AD_INSUFFICIENT_SECURITY)
		explain_cipher(e);
	else if (alert == TLS1_AD_PROTOCOL_VERSION)
		explain_version(e);
	else
		explain_refusal(e, alert);
}

/* OpenSSL's own reasons ------------------------------------------------------- */

static void
explain_record(struct engine *e)
{
	char text[256];

	if (e->open)
		fail_set(e->fail, REASON_RECORD, "%s sent a record that is "
		    "not what TLS allows here (%s): the data may have been "
		    "damaged or tampered with on the way; if it happens "
		    "again, look for a faulty device between", e->peer,
		    sslerr_text(text, sizeof text));
	else
		fail_set(e->fail, REASON_RECORD, "%s sent a handshake that "
		    "cannot be understood (%s): it may not speak TLS, or "
		    "something between changes it", e->peer,
		    sslerr_text(text, sizeof text));
}

static void
explain_weak(struct engine *e)
{
	char text[256];

	fail_set(e->fail, REASON_WEAK, "%s uses a key that is too weak (%s): "
	    "it needs a longer one; DICOMTLS_PROFILE=legacy takes it until "
	    "then", e->peer, sslerr_text(text, sizeof text));
}

static void
explain_reason(struct engine *e, int reason)
{
	switch (reason) {
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_CIPHERS_AVAILABLE:
	case SSL_R_WRONG_CIPHER_RETURNED:
	case SSL_R_UNKNOWN_CIPHER_RETURNED:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
		explain_cipher(e);
		break;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_INAPPROPRIATE_FALLBACK:
		explain_version(e);
		break;
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		explain_verify(e);
		break;
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		fail_set(e->fail, REASON_UNTRUSTED, "%s showed no "
		    "certificate, and DICOMTLS_LISTEN_VERIFY wants one: set "
		    "DICOMTLS_CLIENT_CERT=yes there", e->peer);
		break;
	case SSL_R_DH_KEY_TOO_SMALL:
	case SSL_R_EE_KEY_TOO_SMALL:
	case SSL_R_CA_MD_TOO_WEAK:
		explain_weak(e);
		break;
	case SSL_R_EXCESSIVE_MESSAGE_SIZE:
		fail_set(e->fail, REASON_RECORD, "%s sent a message larger "
		    "than a handshake needs (excessive message size): are there "
		    "too many certificates in the chain that it shows?",
		    e->peer);
		break;
	case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
		fail_set(e->fail, REASON_VERSION, "%s does not know secure "
		    "renegotiation (RFC 5746): it is very old, "
		    "DICOMTLS_PROFILE=legacy takes it", e->peer);
		break;
	default:
		explain_record(e);
	}
}

void
sslerr_explain(struct engine *e)
{
	unsigned long code = ERR_peek_last_error();
	int reason = ERR_GET_REASON(code);

	if (code != 0 && (ERR_SYSTEM_ERROR(code) || (reason &
	    ERR_RFLAG_FATAL) != 0))
		fail_set(e->fail, REASON_SYSTEM, "%s: OpenSSL has no memory, "
		    "or cannot go on for another reason of this host's (%s)",
		    e->peer, ERR_reason_error_string(code));
	else if (code == 0 || ERR_GET_LIB(code) != ERR_LIB_SSL)
		explain_reason(e, 0);
	else if (reason > SSL_AD_REASON_OFFSET)
		explain_alert(e, reason - SSL_AD_REASON_OFFSET);
	else
		explain_reason(e, reason);
}
