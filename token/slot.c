/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of slots. It only grows, and a slot's place is its CK_SLOT_ID; the list's own lock
 * guards growth, so that slots may be used while others are found.
 */
#include "token/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "sc/readers.h"

static const struct source *const sources[] = {&embedded_source, &reader_source};
enum { SOURCES = sizeof(sources) / sizeof(sources[0]), SLOTS_MAX = 256, LOOK_MS = 1000 };

struct slots {
	pthread_mutex_t lock;
	struct config *config;
	struct readers *readers;
	bool open; /* the first scan is over: what comes from now on is an event */
	bool interrupted;
	struct slot *slots[SLOTS_MAX];
	size_t count;
};

static void slot_free(struct slot **slot)
{
	if (!*slot)
		return;
	while ((*slot)->sessions) {
		struct session *session = (*slot)->sessions;

		session_close(&session);
	}
	token_disconnect(*slot);
	store_clear(&(*slot)->store);
	OPENSSL_cleanse((*slot)->random, sizeof((*slot)->random));
	pthread_cond_destroy(&(*slot)->changed);
	pthread_mutex_destroy(&(*slot)->lock);
	free((*slot)->name);
	free(*slot);
	*slot = NULL;
}

struct slot *slots_find(struct slots *slots, const struct source *source, const char *name)
{
	for (size_t i = 0; i < slots->count; i++) {
		struct slot *slot = slots->slots[i];

		if (slot->source == source && strcmp(slot->name, name) == 0)
			return slot;
	}
	return NULL;
}

CK_RV slots_add(struct slots *slots, const struct source *source, const char *name)
{
	struct slot *slot;

	if (slots->count == SLOTS_MAX) {
		log_warning("there are more than %d cards; %s is left out", SLOTS_MAX, name);
		return CKR_OK;
	}
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return CKR_HOST_MEMORY;
	slot->id = slots->count;
	slot->slots = slots;
	slot->source = source;
	slot->config = slots->config;
	slot->readers = slots->readers;
	slot->name = strdup(name);
	if (!slot->name || pthread_mutex_init(&slot->lock, NULL) != 0) {
		free(slot->name);
		free(slot);
		return CKR_HOST_MEMORY;
	}
	pthread_cond_init(&slot->changed, NULL);
	if (source->insertion)
		slot->reported = slots->open ? UINT64_MAX : source->insertion(slot, false);
	slots->slots[slots->count++] = slot;
	return CKR_OK;
}

struct readers *slots_readers(const struct slots *slots)
{
	return slots->readers;
}

uint64_t slot_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const struct config *slots_config(const struct slots *slots)
{
	return slots->config;
}

CK_RV slots_open(struct slots **ret)
{
	struct slots *slots = calloc(1, sizeof(*slots));
	CK_RV rv = CKR_HOST_MEMORY;
	enum rc rc;

	if (!slots)
		return CKR_HOST_MEMORY;
	if (pthread_mutex_init(&slots->lock, NULL) != 0) {
		free(slots);
		return CKR_HOST_MEMORY;
	}
	rc = config_load(&slots->config);
	if (rc != RC_OK) {
		rv = rc == RC_MEMORY ? CKR_HOST_MEMORY : CKR_GENERAL_ERROR;
		goto out;
	}
	log_open(slots->config->log_level, slots->config->log_syslog);
	rv = readers_open(&slots->readers) == RC_OK ? slots_refresh(slots) : CKR_HOST_MEMORY;
	if (rv != CKR_OK)
		goto out;
	slots->open = true;
	*ret = slots;
	slots = NULL;
out:
	slots_close(&slots);
	return rv;
}

void slots_forbid_threads(struct slots *slots)
{
	slots->config->no_threads = true;
}

void slots_close(struct slots **slots)
{
	if (!slots || !*slots)
		return;
	for (size_t i = 0; i < (*slots)->count; i++)
		slot_free(&(*slots)->slots[i]);
	readers_close(&(*slots)->readers);
	config_free(&(*slots)->config);
	pthread_mutex_destroy(&(*slots)->lock);
	free(*slots);
	*slots = NULL;
}

CK_RV slots_refresh(struct slots *slots)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&slots->lock);
	for (size_t i = 0; i < SOURCES && rv == CKR_OK; i++)
		rv = sources[i]->scan(slots);
	pthread_mutex_unlock(&slots->lock);
	return rv;
}

size_t slots_count(const struct slots *slots)
{
	/* The list's lock is no part of what a reader sees change. */
	pthread_mutex_t *lock = (pthread_mutex_t *)&slots->lock;
	size_t count;

	pthread_mutex_lock(lock);
	count = slots->count;
	pthread_mutex_unlock(lock);
	return count;
}

struct slot *slots_get(struct slots *slots, CK_SLOT_ID id)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&slots->lock);
	if (id < slots->count)
		slot = slots->slots[id];
	pthread_mutex_unlock(&slots->lock);
	return slot;
}

/* The first slot with something untold, now told. */
static bool take_event(struct slots *slots, CK_SLOT_ID_PTR ret, bool *ret_interrupted)
{
	bool found = false;

	pthread_mutex_lock(&slots->lock);
	for (size_t i = 0; i < slots->count && !found; i++) {
		struct slot *slot = slots->slots[i];
		uint64_t now;

		if (!slot->source->insertion)
			continue;
		now = slot->source->insertion(slot, false);
		found = now != slot->reported;
		slot->reported = now;
		if (found)
			*ret = slot->id;
	}
	*ret_interrupted = slots->interrupted;
	pthread_mutex_unlock(&slots->lock);
	return found;
}

CK_RV slots_wait(struct slots *slots, bool block, CK_SLOT_ID_PTR ret)
{
	bool interrupted;
	CK_RV rv;

	for (;;) {
		rv = slots_refresh(slots);
		if (rv != CKR_OK || take_event(slots, ret, &interrupted))
			return rv;
		if (!block)
			return CKR_NO_EVENT;
		if (interrupted)
			return CKR_CRYPTOKI_NOT_INITIALIZED;
		readers_wait(slots->readers);
	}
}

void slots_interrupt(struct slots *slots)
{
	pthread_mutex_lock(&slots->lock);
	slots->interrupted = true;
	pthread_mutex_unlock(&slots->lock);
	readers_interrupt(slots->readers);
}

CK_SLOT_ID slot_id(const struct slot *slot)
{
	return slot->id;
}

bool slot_has_token(struct slot *slot)
{
	return slot->source->is_present(slot);
}

bool slot_lost_card(struct slot *slot, bool look)
{
	uint64_t now = slot_now_ms();

	if (slot->gone || !slot->source->insertion || (!slot->sc && !slot->sessions))
		return slot->gone;
	if (!look && now - slot->looked_ms < LOOK_MS)
		return false;
	slot->looked_ms = now;
	slot->gone = slot->source->insertion(slot, true) != slot->insertion;
	return slot->gone;
}

bool slot_is_gone(const struct slot *slot)
{
	return slot->gone;
}

void slot_forget_card(struct slot *slot)
{
	log_info("slot %s: the card was taken out; its sessions are closed", slot->name);
	token_disconnect(slot);
	store_clear(&slot->store);
	slot->gone = false;
}

/* Text in a field that PKCS#11 pads with blanks and does not terminate; cut to the field. */
static void put_text(unsigned char *field, size_t size, const char *text)
{
	size_t len = strnlen(text, size);

	memset(field, ' ', size);
	memcpy(field, text, len);
}

CK_RV slot_info(struct slot *slot, CK_SLOT_INFO *ret)
{
	char description[sizeof(ret->slotDescription) + 1];

	*ret = (CK_SLOT_INFO){0};
	snprintf(description, sizeof(description), "%s: %s", slot->source->description, slot->name);
	put_text(ret->slotDescription, sizeof(ret->slotDescription), description);
	put_text(ret->manufacturerID, sizeof(ret->manufacturerID), "Intaglio");
	ret->flags = slot_has_token(slot) ? CKF_TOKEN_PRESENT : 0;
	return CKR_OK;
}

CK_RV slot_recognise(struct slot *slot)
{
	if (slot->sc)
		return CKR_OK;
	slot->judged = 0;
	if (slot->source->is_present(slot))
		return CKR_OK;
	if (!slot->source->insertion || !slot->source->insertion(slot, false)) {
		log_error("slot %s: there is no card", slot->name);
		return CKR_TOKEN_NOT_PRESENT;
	}
	log_error("slot %s: the card does not have the token application", slot->name);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

CK_RV slot_figures(struct slot *slot, CK_ULONG *ret_apdus, CK_ULONG *ret_sent,
		   CK_ULONG *ret_received)
{
	*ret_apdus = *ret_sent = *ret_received = 0;
	for (size_t i = 0; i <= SPARES; i++) {
		const struct sc *sc = i < SPARES ? slot->spares[i].sc : slot->sc;
		struct sc_figures figures = {0};

		if (sc)
			sc_figures(sc, &figures);
		*ret_apdus += figures.apdus;
		*ret_sent += figures.sent;
		*ret_received += figures.received;
	}
	return CKR_OK;
}

const char *slot_channel(struct slot *slot)
{
	slot->channel[0] = '\0';
	if (slot->sc && sc_is_connected(slot->sc))
		snprintf(slot->channel, sizeof(slot->channel), "SCP10 i=%02x, level %02x",
			 sc_suite(slot->sc), sc_level(slot->sc));
	return slot->channel;
}
