/* SPDX-License-Identifier: Apache-2.0
 * conf, the table: every setting there is. */
#include "policy/conf.h"

#include <string.h>
#include <strings.h>

#include "policy/words.h"

#define EVERYWHERE (IN_ENV | IN_FILE | IN_SECTION)
#define GENERAL (IN_ENV | IN_FILE)

#define ROW(setting, name, low, bits, chr, arg, def, text) \
	[SETTING_##setting] = { "DICOMTLS_" name, low, bits, chr, arg, def, \
		text }

static const struct setting_row table[SETTINGS] = {
	ROW(CONNECT, "CONNECT", "connect", EVERYWHERE | IS_LIST, 'c', "RULES",
	    "2762", "outgoing connections that become TLS"),
	ROW(LISTEN, "LISTEN", "listen", EVERYWHERE | IS_LIST, 'l', "RULES",
	    "2762", "local addresses whose accepted connections become TLS"),
	ROW(FROM, "FROM", "from", IN_SECTION | IS_LIST, 0, "NETWORKS", NULL,
	    "networks of the clients that a section is for"),
	ROW(DIR, "DIR", "dir", GENERAL | IS_PATH, 'd', "FOLDER",
	    "/etc/dicomtls for root, else $XDG_CONFIG_HOME/dicomtls or "
	    "~/.config/dicomtls",
	    "certificate, key, host secret, trust store"),
	ROW(CONFIG, "CONFIG", "config", IN_ENV | IS_PATH, 'f', "FILE",
	    "dicomtls.conf in DICOMTLS_DIR, if present",
	    "the same settings in a file, with sections"),
	ROW(CERT, "CERT", "cert", EVERYWHERE | IS_PATH, 0, "FILE",
	    "cert.pem in DICOMTLS_DIR",
	    "our certificate: PEM chain or PKCS#12"),
	ROW(KEY, "KEY", "key", EVERYWHERE | IS_PATH, 0, "FILE",
	    "key.pem in DICOMTLS_DIR", "our private key: PEM"),
	ROW(KEY_PASSWORD_FILE, "KEY_PASSWORD_FILE", "key_password_file",
	    EVERYWHERE | IS_PATH, 0, "FILE", NULL,
	    "a file with the key's password in its first line"),
	ROW(KEY_PASSWORD, "KEY_PASSWORD", "key_password",
	    EVERYWHERE | IS_SECRET, 0, "PASSWORD", NULL,
	    "the key's password"),
	ROW(PROFILE, "PROFILE", "profile", EVERYWHERE, 'p', "PROFILE",
	    "bcp195", "TLS versions and cipher suites"),
	ROW(MIN_VERSION, "MIN_VERSION", "min_version", EVERYWHERE, 0,
	    "VERSION", "the profile's", "oldest TLS version accepted"),
	ROW(MAX_VERSION, "MAX_VERSION", "max_version", EVERYWHERE, 0,
	    "VERSION", "the profile's", "newest TLS version offered"),
	ROW(CIPHERS, "CIPHERS", "ciphers", EVERYWHERE, 0, "LIST",
	    "the profile's", "OpenSSL cipher list in place of the profile's"),
	ROW(VERIFY, "VERIFY", "verify", EVERYWHERE, 'v', "HOW", "none",
	    "how the peer's certificate is verified"),
	ROW(CONNECT_VERIFY, "CONNECT_VERIFY", "connect_verify", EVERYWHERE, 0,
	    "HOW", "as verify", "the same for outgoing connections alone"),
	ROW(LISTEN_VERIFY, "LISTEN_VERIFY", "listen_verify", EVERYWHERE, 0,
	    "HOW", "as verify", "the same for accepted connections alone"),
	ROW(CA, "CA", "ca", EVERYWHERE | IS_PATH, 0, "PATH",
	    "the system's store", "trusted CA certificates: file or folder"),
	ROW(CRL, "CRL", "crl", EVERYWHERE | IS_PATH, 0, "PATH", NULL,
	    "certificate revocation lists: file or folder"),
	ROW(PINS, "PINS", "pins", EVERYWHERE | IS_LIST, 0, "HEX,...", NULL,
	    "SPKI SHA-256 of the public keys that a peer may have"),
	ROW(NAME, "NAME", "name", EVERYWHERE, 0, "NAME",
	    "what the program asked for",
	    "the name that the peer's certificate must have"),
	ROW(CLIENT_CERT, "CLIENT_CERT", "client_cert", EVERYWHERE, 0,
	    "yes|no", "no", "send our certificate as a client too"),
	ROW(HANDSHAKE_TIMEOUT, "HANDSHAKE_TIMEOUT", "handshake_timeout",
	    EVERYWHERE, 0, "SECONDS", "30", "limit of a whole handshake"),
	ROW(NODELAY, "NODELAY", "nodelay", EVERYWHERE, 0, "yes|no", "yes",
	    "TCP_NODELAY, and small writes joined into one record"),
	ROW(LOG, "LOG", "log", GENERAL | IS_PATH, 0, "TARGET", "stderr",
	    "stderr, syslog, none or a file's path"),
	ROW(LOG_LEVEL, "LOG_LEVEL", "log_level", GENERAL, 0, "LEVEL", "warn",
	    "error, warn, info or debug"),
	ROW(LOG_FORMAT, "LOG_FORMAT", "log_format", GENERAL, 0, "FORMAT",
	    "text", "text, or json: one object a line"),
	ROW(KEYLOG, "KEYLOG", "keylog", EVERYWHERE | IS_PATH, 0, "FILE", NULL,
	    "write the session keys there, for Wireshark"),
};

const struct setting_row *
conf_row(enum setting s)
{
	return &table[s];
}

static bool
same(const char *key, const char *name)
{
	for (; *key != '\0' && *name != '\0'; key++, name++)
		if (strncasecmp(key, name, 1) != 0 &&
		    !(*key == '_' && *name == '-'))
			return false;
	return *key == *name;
}

int
conf_find(const char *name)
{
	int s;

	if (strncasecmp(name, "DICOMTLS_", 9) == 0)
		name += 9;
	for (s = 0; s < SETTINGS; s++)
		if (same(table[s].key, name))
			return s;
	return -1;
}

bool
conf_is_path(enum setting s, const char *text)
{
	static const char *const targets[] = { "stderr", "syslog", "none",
		NULL };

	if (!(table[s].flags & IS_PATH))
		return false;
	return s != SETTING_LOG || words_find(targets, text) < 0;
}
