/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of a security domain share. */
#include "card/manager.h"

#include <stdlib.h>

#include "card/keyed.h"

enum { P1_MORE = 0x80, LENGTH_128 = 0x80, LENGTH_1 = 0x81, LENGTH_2 = 0x82 };

static void begin(struct manager *m)
{
	buf_init(&m->code, CAP_SIZE_MAX);
	buf_init(&m->stored, MANAGER_STORE_MAX);
	buf_init(&m->request, MANAGER_REQUEST_MAX);
	buf_init(&m->parameters, MANAGER_REQUEST_MAX);
	buf_init(&m->chain, MANAGER_CHAIN_MAX);
}

struct manager *manager_of(struct channel *channel)
{
	if (channel->manager)
		return channel->manager;
	channel->manager = calloc(1, sizeof(*channel->manager));
	if (channel->manager)
		begin(channel->manager);
	return channel->manager;
}

void manager_reset(struct manager *m)
{
	if (!m)
		return;
	buf_free(&m->code);
	buf_free(&m->stored);
	buf_free(&m->request);
	buf_free(&m->parameters);
	buf_free(&m->chain);
	*m = (struct manager){.loading = false};
	begin(m);
}

void manager_free(struct manager **m)
{
	if (!m || !*m)
		return;
	manager_reset(*m);
	free(*m);
	*m = NULL;
}

enum rc manager_domain(struct command *c, struct registry_entry *ret)
{
	return registry_get(c->nvm, c->channel->application, ret);
}

uint16_t manager_may_write(struct command *c, const struct registry_entry *domain)
{
	uint8_t state = registry_card_state(c->nvm);

	if (state == LIFE_CARD_LOCKED || state == LIFE_TERMINATED)
		return SW_CONDITIONS;
	if (domain->number != REGISTRY_ISD && (domain->life_cycle & LIFE_LOCKED_BIT))
		return SW_CONDITIONS;
	return SW_OK;
}

uint16_t manager_may(struct command *c, const struct registry_entry *domain)
{
	uint16_t sw = manager_may_write(c, domain);

	if (sw == SW_OK &&
	    !(domain->privileges &
	      (PRIVILEGE_AUTHORIZED | (PRIVILEGE_DELEGATED & ~(uint32_t)PRIVILEGE_DOMAIN))))
		return SW_CONDITIONS;
	return sw;
}

bool manager_is_under(struct nvm *nvm, const struct registry_entry *entry, uint32_t domain)
{
	struct registry_entry e = *entry;

	for (int level = 0; level < (int)MANAGER_LEVELS_MAX; level++) {
		if (e.number == domain || e.domain == domain)
			return true;
		if (e.number == e.domain || registry_get(nvm, e.domain, &e) != RC_OK)
			return false;
	}
	return false;
}

enum rc manager_take(struct view *in, struct view *ret)
{
	struct view v = *in;
	uint8_t first, byte;
	uint16_t len;
	enum rc rc = view_u8(&v, &first);

	len = first;
	if (rc == RC_OK && first == LENGTH_1) {
		rc = view_u8(&v, &byte);
		len = byte;
	} else if (rc == RC_OK && first == LENGTH_2) {
		rc = view_u16(&v, &len);
	} else if (rc == RC_OK && first > LENGTH_128) {
		rc = RC_MALFORMED;
	}
	if (rc == RC_OK)
		rc = view_take(&v, len, ret);
	if (rc == RC_OK)
		*in = v;
	return rc;
}

static void forget_chain(struct manager *m)
{
	m->chaining = false;
	buf_free(&m->chain);
	buf_init(&m->chain, MANAGER_CHAIN_MAX);
}

bool manager_interrupts(struct command *c)
{
	struct manager *m = c->channel->manager;

	if (!m || !m->chaining)
		return false;
	forget_chain(m);
	return true;
}

static bool continues(const struct manager *m, const struct command *c)
{
	return m->chain_ins == c->ins && m->chain_p2 == c->p2 && m->chain_p1 == (c->p1 | P1_MORE);
}

/* With the whole of it; the handler may forget all that the channel kept. */
static uint16_t run_chain(struct command *c, struct manager *m, command_handler whole)
{
	struct buf all = m->chain;
	uint16_t sw;

	m->chaining = false;
	buf_init(&m->chain, MANAGER_CHAIN_MAX);
	c->data = view_buf(&all);
	sw = whole(c);
	buf_free(&all);
	return sw;
}

uint16_t manager_gather(struct command *c, command_handler whole)
{
	struct manager *m = manager_of(c->channel);

	if (!m)
		return command_sw(RC_MEMORY);
	if (m->chaining && !continues(m, c)) {
		forget_chain(m);
		return SW_CONDITIONS;
	}
	if (!m->chaining && !(c->p1 & P1_MORE))
		return whole(c);
	m->chaining = true;
	m->chain_ins = c->ins;
	m->chain_p1 = c->p1 | P1_MORE;
	m->chain_p2 = c->p2;
	buf_view(&m->chain, c->data);
	if (buf_rc(&m->chain) != RC_OK) {
		forget_chain(m);
		return SW_INCORRECT_P1P2;
	}
	return c->p1 & P1_MORE ? SW_OK : run_chain(c, m, whole);
}

uint16_t manager_confirm(struct command *c)
{
	buf_u8(c->answer, 0);
	return SW_OK;
}
