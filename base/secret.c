/* SPDX-License-Identifier: BSD-2-Clause */
/* Locked, undumpable, wiped memory. Each allocation is a mapping of its own with its size in front. */
#include "base/secret.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#include "base/log.h"

struct block {
	size_t mapped;
	_Alignas(16) uint8_t bytes[];
};

void *secret_new(size_t size)
{
	static atomic_bool said;
	size_t mapped = (sizeof(struct block) + size + 4095) & ~(size_t)4095;
	struct block *block;

	if (mapped < size)
		return NULL;
	block = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return NULL;
	if (mlock(block, mapped) != 0 && !atomic_exchange(&said, true))
		log_warning("keys cannot be locked in memory and may reach swap: "
			    "raise the memory lock limit (ulimit -l)");
	madvise(block, mapped, MADV_DONTDUMP);
	madvise(block, mapped, MADV_WIPEONFORK);
	block->mapped = mapped;
	return block->bytes;
}

void secret_free(void *secret)
{
	struct block *block;
	uint8_t *bytes;

	if (!secret)
		return;
	memcpy(&bytes, secret, sizeof(bytes));
	if (!bytes)
		return;
	block = (struct block *)(void *)(bytes - offsetof(struct block, bytes));
	memset(secret, 0, sizeof(bytes));
	/* A forked child finds the whole mapping wiped, its size as well: nothing left to do. */
	if (!block->mapped)
		return;
	size_t mapped = block->mapped;
	OPENSSL_cleanse(block, mapped);
	munmap(block, mapped);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void secret_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}
