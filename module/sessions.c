/* SPDX-License-Identifier: BSD-2-Clause */
/* Buckets of chained entries. Handles are counted up, so that their low bits are a good hash. */
#include "module/sessions.h"

#include <assert.h>
#include <stdlib.h>

#define BUCKETS_AT_FIRST 16

struct sessions {
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t entry_count;
};

static struct entry **bucket(const struct sessions *sessions, CK_SESSION_HANDLE handle)
{
	return &sessions->buckets[handle & (sessions->bucket_count - 1)];
}

static void push(struct entry **chain, struct entry *entry)
{
	entry->next = *chain;
	*chain = entry;
}

static struct entry *pop(struct entry **chain)
{
	struct entry *entry = *chain;

	*chain = entry->next;
	entry->next = NULL;
	return entry;
}

struct sessions *sessions_new(void)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (!sessions)
		return NULL;
	sessions->bucket_count = BUCKETS_AT_FIRST;
	sessions->buckets = calloc(sessions->bucket_count, sizeof(*sessions->buckets));
	if (!sessions->buckets) {
		free(sessions);
		return NULL;
	}
	return sessions;
}

void sessions_free(struct sessions **sessions)
{
	if (!*sessions)
		return;
	assert((*sessions)->entry_count == 0);
	free((*sessions)->buckets);
	free(*sessions);
	*sessions = NULL;
}

static bool grow(struct sessions *sessions)
{
	struct entry **old = sessions->buckets;
	size_t old_count = sessions->bucket_count;
	struct entry **buckets = calloc(old_count * 2, sizeof(*buckets));

	if (!buckets)
		return false;
	sessions->buckets = buckets;
	sessions->bucket_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct entry *entry = pop(&old[i]);

			push(bucket(sessions, entry->handle), entry);
		}
	}
	free(old);
	return true;
}

bool sessions_put(struct sessions *sessions, struct entry *entry)
{
	if (sessions->entry_count == sessions->bucket_count && !grow(sessions))
		return false;
	push(bucket(sessions, entry->handle), entry);
	sessions->entry_count++;
	return true;
}

struct entry *sessions_get(const struct sessions *sessions, CK_SESSION_HANDLE handle)
{
	struct entry *entry = *bucket(sessions, handle);

	while (entry && entry->handle != handle)
		entry = entry->next;
	return entry;
}

struct entry *sessions_take(struct sessions *sessions, CK_SESSION_HANDLE handle)
{
	for (struct entry **at = bucket(sessions, handle); *at; at = &(*at)->next) {
		if ((*at)->handle == handle) {
			sessions->entry_count--;
			return pop(at);
		}
	}
	return NULL;
}

struct entry *sessions_take_all(struct sessions *sessions, const struct slot *slot)
{
	struct entry *taken = NULL;

	for (size_t i = 0; i < sessions->bucket_count; i++) {
		struct entry **at = &sessions->buckets[i];

		while (*at) {
			if (slot && (*at)->slot != slot) {
				at = &(*at)->next;
				continue;
			}
			push(&taken, pop(at));
			sessions->entry_count--;
		}
	}
	return taken;
}

CK_ULONG sessions_count(const struct sessions *sessions, const struct slot *slot, CK_ULONG *ret_rw)
{
	CK_ULONG count = 0;
	CK_ULONG rw = 0;

	for (size_t i = 0; i < sessions->bucket_count; i++) {
		for (const struct entry *e = sessions->buckets[i]; e; e = e->next) {
			count += e->slot == slot;
			rw += e->slot == slot && e->rw;
		}
	}
	*ret_rw = rw;
	return count;
}
