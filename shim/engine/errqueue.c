/* SPDX-License-Identifier: Apache-2.0
 * errqueue: the thread's queue of OpenSSL errors, which is the program's. */
#include "engine/errqueue.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

static char *
copy(const char *text)
{
	return text != NULL && *text != '\0' ? OPENSSL_strdup(text) :
	    NULL;
}

void
errqueue_take(struct errqueue *q)
{
	const char *file, *func, *data;
	struct errqueue_item *i;
	unsigned long code;
	int line, flags;

	q->n = 0;
	if (ERR_peek_error() == 0)
		return;
	while (q->n < ERRQUEUE_MAX && (code = ERR_get_error_all(&file, &line,
	    &func, &data, &flags)) != 0) {
		i = &q->item[q->n++];
		i->code = code;
		i->line = line;
		i->file = copy(file);
		i->func = copy(func);
		i->data = (flags & ERR_TXT_STRING) != 0 ? copy(data) : NULL;
	}
}

static void
put_back(struct errqueue_item *i)
{
	ERR_new();
	ERR_set_debug(i->file, i->line, i->func);
	if (i->data != NULL)
		ERR_set_error(ERR_GET_LIB(i->code), ERR_GET_REASON(i->code),
		    "%s", i->data);
	else
		ERR_set_error(ERR_GET_LIB(i->code), ERR_GET_REASON(i->code),
		    NULL);
	OPENSSL_free(i->file);
	OPENSSL_free(i->func);
	OPENSSL_free(i->data);
}

void
errqueue_put_back(struct errqueue *q)
{
	int i;

	if (ERR_peek_error() != 0)	/* clearing frees 16 items' texts */
		ERR_clear_error();
	for (i = 0; i < q->n; i++)
		put_back(&q->item[i]);
	q->n = 0;
}
