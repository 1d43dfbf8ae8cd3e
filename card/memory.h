/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory resource management, GPCS 9.7: what an application was promised and what it may use. What
 * counts as an application's non-volatile memory is its entry in the registry and, of a security
 * domain, its keys and the data it stores, in bytes. Volatile memory is used by nothing yet, and only
 * promised. All of it lies in the registry's entries and goes with them.
 */
#ifndef INTAGLIO_CARD_MEMORY_H
#define INTAGLIO_CARD_MEMORY_H

#include "card/command.h"
#include "card/registry.h"

/* Bytes that no application was promised or uses. */
enum rc memory_free(struct nvm *nvm, uint64_t ret[MEMORY_KINDS]) WARN_UNUSED;
/* What an entry and its keys and data use now. RC_DAMAGED. */
enum rc memory_used(struct nvm *nvm, const struct registry_entry *e, uint64_t *ret) WARN_UNUSED;
/*
 * 9000, or 6A84, if an entry's memory may grow by so many bytes: its quota is kept, and what others
 * were promised is still there.
 */
uint16_t memory_may_grow(struct nvm *nvm, const struct registry_entry *e, uint64_t bytes);
/* The same for a load file's code, which nothing was promised to. */
uint16_t memory_may_load(struct nvm *nvm, uint64_t bytes);
/*
 * Takes quotas and reservations of INSTALL [for install], C7, C8, D7 and D8 in EF, for a new entry: 6A80
 * form, or a quota below its reservation; 6A84 not so much is free, or the entry alone is above its quota.
 */
uint16_t memory_take(struct nvm *nvm, struct view parameters, struct registry_entry *e);
/* What INSTALL [for load] needs at least, C6, C7 and C8 in EF, is free: 6A80, 6A84. */
uint16_t memory_check_minimum(struct nvm *nvm, struct view parameters);

#endif
