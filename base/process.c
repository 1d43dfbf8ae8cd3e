/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The id is kept in a page that the kernel gives every new process wiped (MADV_WIPEONFORK), however
 * it was forked; a handler of pthread_atfork would miss a plain clone. Where there is no such page,
 * the kernel is asked each time.
 */
#include "base/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic pid_t *kept; /* 0 in it: not asked yet */

static void make_page(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, size, MADV_WIPEONFORK) == 0)
		kept = page;
	else
		munmap(page, size);
}

pid_t process_id(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pid_t id;

	pthread_once(&once, make_page);
	if (!kept)
		return getpid();
	id = atomic_load(kept);
	if (!id) {
		id = getpid();
		atomic_store(kept, id);
	}
	return id;
}
