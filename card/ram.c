/* SPDX-License-Identifier: BSD-2-Clause */
/* What the token application keeps in RAM: made, wiped and freed together. */
#include "card/ram.h"

#include <stdlib.h>

#include "card/key_cache.h"
#include "card/ledger_cache.h"

enum rc token_ram_new(struct token_ram **ret)
{
	struct token_ram *ram = calloc(1, sizeof(*ram));
	enum rc rc = ram ? key_cache_new(&ram->keys) : RC_MEMORY;

	if (rc == RC_OK)
		rc = ledger_cache_new(&ram->ledgers);
	if (rc == RC_OK)
		*ret = ram;
	else
		token_ram_free(&ram);
	return rc;
}

void token_ram_free(struct token_ram **ram)
{
	if (!*ram)
		return;
	key_cache_free(&(*ram)->keys);
	ledger_cache_free(&(*ram)->ledgers);
	free(*ram);
	*ram = NULL;
}

void token_ram_wipe(struct token_ram *ram)
{
	if (!ram)
		return;
	key_cache_wipe(ram->keys);
	ledger_cache_wipe(ram->ledgers);
}
