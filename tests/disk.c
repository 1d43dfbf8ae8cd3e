/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated disk. Pages are shared between cache, platter and the disks cut from this one. */
#include "tests/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE = 4096, SECTOR = 512, NAME = 32, FILES = 64 };

struct page {
	unsigned int refs;
	uint8_t bytes[PAGE];
};

/* Contents of a file; a page that is NULL is all zeros. */
struct image {
	uint64_t size;
	struct page **pages;
	size_t count;
};

struct inode {
	unsigned int refs; /* names, open files, pending events */
	mode_t mode;
	struct image cache;
	struct image platter;
};

struct entry {
	char name[NAME];
	struct inode *inode;
};

struct names {
	struct entry entries[FILES];
	size_t count;
};

enum event_kind { EVENT_SECTOR, EVENT_LINK, EVENT_UNLINK, EVENT_RENAME };

struct event {
	enum event_kind kind;
	struct inode *inode; /* of a sector, or linked */
	uint64_t sector;
	char name[NAME];
	char to[NAME];
};

struct disk {
	struct nvm_io io;
	struct names cache;
	struct names platter;
	struct event *events;
	size_t event_count;
	size_t event_space;
	struct inode *open[FILES]; /* by file descriptor */
	bool open_dir[FILES];
	unsigned long calls;
	bool fails;
	unsigned long fail_at;
	int fail_error;
	uint64_t limit;
	void (*before)(void *arg);
	void *before_arg;
};

static void *need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void drop_page(struct page *page)
{
	if (page && --page->refs == 0)
		free(page);
}

static void free_image(struct image *image)
{
	for (size_t i = 0; i < image->count; i++)
		drop_page(image->pages[i]);
	free(image->pages);
	*image = (struct image){0};
}

static struct image share(const struct image *image)
{
	struct image copy = {.size = image->size, .count = image->count};

	copy.pages = need(calloc(image->count + 1, sizeof(*copy.pages)));
	for (size_t i = 0; i < image->count; i++) {
		copy.pages[i] = image->pages[i];
		if (copy.pages[i])
			copy.pages[i]->refs++;
	}
	return copy;
}

/* A page of an image that may be written to. */
static struct page *own_page(struct image *image, size_t number)
{
	struct page *page;

	if (number >= image->count) {
		image->pages = need(realloc(image->pages, (number + 1) * sizeof(*image->pages)));
		while (image->count <= number)
			image->pages[image->count++] = NULL;
	}
	page = image->pages[number];
	if (page && page->refs == 1)
		return page;
	image->pages[number] = need(calloc(1, sizeof(*page)));
	image->pages[number]->refs = 1;
	if (page)
		memcpy(image->pages[number]->bytes, page->bytes, PAGE);
	drop_page(page);
	return image->pages[number];
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Writes within one page; zeros over nothing stay nothing. */
static void write_piece(struct image *image, uint64_t offset, const uint8_t *bytes, size_t n)
{
	size_t number = offset / PAGE;

	if ((number >= image->count || !image->pages[number]) && is_zero(bytes, n))
		return;
	memcpy(own_page(image, number)->bytes + offset % PAGE, bytes, n);
}

static void write_image(struct image *image, uint64_t offset, const uint8_t *bytes, size_t n)
{
	if (image->size < offset + n)
		image->size = offset + n;
	while (n > 0) {
		size_t piece = PAGE - offset % PAGE < n ? PAGE - offset % PAGE : n;

		write_piece(image, offset, bytes, piece);
		offset += piece;
		bytes += piece;
		n -= piece;
	}
}

static void read_image(const struct image *image, uint64_t offset, uint8_t *bytes, size_t n)
{
	while (n > 0) {
		size_t number = offset / PAGE;
		size_t piece = PAGE - offset % PAGE < n ? PAGE - offset % PAGE : n;

		if (number < image->count && image->pages[number])
			memcpy(bytes, image->pages[number]->bytes + offset % PAGE, piece);
		else
			memset(bytes, 0, piece);
		offset += piece;
		bytes += piece;
		n -= piece;
	}
}

static struct inode *hold(struct inode *inode)
{
	inode->refs++;
	return inode;
}

static void release(struct inode *inode)
{
	if (!inode || --inode->refs > 0)
		return;
	free_image(&inode->cache);
	free_image(&inode->platter);
	free(inode);
}

static struct entry *find(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->entries[i].name, name) == 0)
			return &names->entries[i];
	return NULL;
}

static void unlink_name(struct names *names, const char *name)
{
	struct entry *entry = find(names, name);

	if (!entry)
		return;
	release(entry->inode);
	*entry = names->entries[--names->count];
}

static void link_name(struct names *names, const char *name, struct inode *inode)
{
	struct entry *entry;

	hold(inode);
	unlink_name(names, name);
	if (names->count == FILES)
		abort();
	entry = &names->entries[names->count++];
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->name, name, strnlen(name, NAME - 1));
	entry->inode = inode;
}

static void rename_name(struct names *names, const char *from, const char *to)
{
	struct entry *entry = find(names, from);
	struct inode *inode;

	if (!entry)
		return;
	inode = hold(entry->inode);
	unlink_name(names, from);
	link_name(names, to, inode);
	release(inode);
}

static void pend(struct disk *disk, struct event event)
{
	if (disk->event_count == disk->event_space) {
		disk->event_space = disk->event_space ? disk->event_space * 2 : 64;
		disk->events =
			need(realloc(disk->events, disk->event_space * sizeof(*disk->events)));
	}
	if (event.inode)
		hold(event.inode);
	disk->events[disk->event_count++] = event;
}

static void pend_name(struct disk *disk, enum event_kind kind, struct inode *inode,
		      const char *name, const char *to)
{
	struct event event = {.kind = kind, .inode = inode};

	memcpy(event.name, name, strnlen(name, NAME - 1));
	if (to)
		memcpy(event.to, to, strnlen(to, NAME - 1));
	pend(disk, event);
}

/* Forgets the events of a file's sectors, or of names if inode is NULL. */
static void forget_events(struct disk *disk, const struct inode *inode)
{
	size_t kept = 0;

	for (size_t i = 0; i < disk->event_count; i++) {
		struct event *event = &disk->events[i];
		bool ours = inode ? event->kind == EVENT_SECTOR && event->inode == inode
				  : event->kind != EVENT_SECTOR;

		if (ours)
			release(event->inode);
		else
			disk->events[kept++] = *event;
	}
	disk->event_count = kept;
}

/* Brings a sector of the cache to another image. */
static void sync_sector(const struct inode *from, struct image *to, uint64_t sector)
{
	uint8_t bytes[SECTOR];
	uint64_t offset = sector * SECTOR;
	size_t n = from->cache.size - offset < SECTOR ? from->cache.size - offset : SECTOR;

	if (offset >= from->cache.size)
		return;
	read_image(&from->cache, offset, bytes, n);
	write_image(to, offset, bytes, n);
}

static void sync_name(struct names *names, const struct event *event, struct inode *inode)
{
	if (event->kind == EVENT_LINK)
		link_name(names, event->name, inode);
	else if (event->kind == EVENT_UNLINK)
		unlink_name(names, event->name);
	else if (event->kind == EVENT_RENAME)
		rename_name(names, event->name, event->to);
}

/* Every call that changes or syncs begins here; false: it is to fail. */
static bool allowed(struct disk *disk)
{
	if (disk->before)
		disk->before(disk->before_arg);
	disk->calls++;
	if (disk->fails && disk->calls > disk->fail_at) {
		disk->fails = false;
		errno = disk->fail_error;
		return false;
	}
	return true;
}

static uint64_t used(const struct disk *disk)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < disk->cache.count; i++)
		bytes += disk->cache.entries[i].inode->cache.size;
	return bytes;
}

static int new_fd(struct disk *disk)
{
	for (int fd = 3; fd < FILES; fd++)
		if (!disk->open[fd] && !disk->open_dir[fd])
			return fd;
	abort();
}

static int disk_open_dir(void *ctx, const char *path)
{
	struct disk *disk = ctx;
	int fd = new_fd(disk);

	(void)path;
	disk->open_dir[fd] = true;
	return fd;
}

static int disk_open_at(void *ctx, int dir, const char *name, int flags, mode_t mode)
{
	struct disk *disk = ctx;
	struct entry *entry = find(&disk->cache, name);
	struct inode *inode = entry ? entry->inode : NULL;
	int fd = new_fd(disk);

	(void)dir;
	if (!inode && !(flags & O_CREAT)) {
		errno = ENOENT;
		return -1;
	}
	if (!inode) {
		if (!allowed(disk))
			return -1;
		inode = need(calloc(1, sizeof(*inode)));
		inode->mode = S_IFREG | mode;
		link_name(&disk->cache, name, inode);
		pend_name(disk, EVENT_LINK, inode, name, NULL);
	} else if (flags & O_TRUNC) {
		forget_events(disk, inode);
		free_image(&inode->cache);
		free_image(&inode->platter);
	}
	disk->open[fd] = hold(inode);
	return fd;
}

static int disk_close(void *ctx, int fd)
{
	struct disk *disk = ctx;

	release(disk->open[fd]);
	disk->open[fd] = NULL;
	disk->open_dir[fd] = false;
	return 0;
}

static ssize_t disk_pread(void *ctx, int fd, void *data, size_t size, uint64_t offset)
{
	struct disk *disk = ctx;
	const struct image *image = &disk->open[fd]->cache;

	if (offset >= image->size)
		return 0;
	if (size > image->size - offset)
		size = image->size - offset;
	read_image(image, offset, data, size);
	return (ssize_t)size;
}

static void dirty(struct disk *disk, struct inode *inode, uint64_t sector, size_t known)
{
	for (size_t i = 0; i < known; i++)
		if (disk->events[i].kind == EVENT_SECTOR && disk->events[i].inode == inode &&
		    disk->events[i].sector == sector)
			return;
	pend(disk, (struct event){.kind = EVENT_SECTOR, .inode = inode, .sector = sector});
}

static ssize_t disk_pwrite(void *ctx, int fd, const void *data, size_t size, uint64_t offset)
{
	struct disk *disk = ctx;
	struct inode *inode = disk->open[fd];
	size_t known = disk->event_count;
	uint64_t end = offset + size;

	if (!allowed(disk))
		return -1;
	if (disk->limit && end > inode->cache.size &&
	    used(disk) + end - inode->cache.size > disk->limit) {
		errno = ENOSPC;
		return -1;
	}
	write_image(&inode->cache, offset, data, size);
	for (uint64_t sector = offset / SECTOR; sector * SECTOR < end; sector++)
		dirty(disk, inode, sector, known);
	return (ssize_t)size;
}

static int sync_file(struct disk *disk, struct inode *inode)
{
	if (!allowed(disk)) {
		forget_events(disk, inode);
		return -1;
	}
	for (size_t i = 0; i < disk->event_count; i++)
		if (disk->events[i].kind == EVENT_SECTOR && disk->events[i].inode == inode)
			sync_sector(inode, &inode->platter, disk->events[i].sector);
	forget_events(disk, inode);
	return 0;
}

static int sync_names(struct disk *disk)
{
	if (!allowed(disk))
		return -1;
	for (size_t i = 0; i < disk->event_count; i++)
		sync_name(&disk->platter, &disk->events[i], disk->events[i].inode);
	forget_events(disk, NULL);
	return 0;
}

static int disk_fsync(void *ctx, int fd)
{
	struct disk *disk = ctx;

	return disk->open_dir[fd] ? sync_names(disk) : sync_file(disk, disk->open[fd]);
}

static int disk_fstat(void *ctx, int fd, uint64_t *ret_size, mode_t *ret_mode)
{
	struct disk *disk = ctx;

	*ret_size = disk->open[fd]->cache.size;
	*ret_mode = disk->open[fd]->mode;
	return 0;
}

static int disk_fchmod(void *ctx, int fd, mode_t mode)
{
	struct disk *disk = ctx;

	if (disk->open[fd])
		disk->open[fd]->mode = S_IFREG | mode;
	return 0;
}

static int disk_rename_at(void *ctx, int dir, const char *from, const char *to)
{
	struct disk *disk = ctx;

	(void)dir;
	if (!allowed(disk))
		return -1;
	if (!find(&disk->cache, from)) {
		errno = ENOENT;
		return -1;
	}
	rename_name(&disk->cache, from, to);
	pend_name(disk, EVENT_RENAME, NULL, from, to);
	return 0;
}

static int disk_unlink_at(void *ctx, int dir, const char *name)
{
	struct disk *disk = ctx;

	(void)dir;
	if (!find(&disk->cache, name)) {
		errno = ENOENT;
		return -1;
	}
	if (!allowed(disk))
		return -1;
	unlink_name(&disk->cache, name);
	pend_name(disk, EVENT_UNLINK, NULL, name, NULL);
	return 0;
}

static int disk_list(void *ctx, int dir, void (*each)(void *arg, const char *name), void *arg)
{
	struct disk *disk = ctx;

	(void)dir;
	for (size_t i = 0; i < disk->cache.count; i++)
		each(arg, disk->cache.entries[i].name);
	return 0;
}

static int disk_lock(void *ctx, int fd, bool on)
{
	(void)ctx;
	(void)fd;
	(void)on;
	return 0;
}

static int disk_mark(void *ctx, int fd, uint64_t at, bool on)
{
	(void)ctx;
	(void)fd;
	(void)at;
	(void)on;
	return 0;
}

static int disk_marked(void *ctx, int fd, uint64_t at, bool *ret)
{
	(void)ctx;
	(void)fd;
	(void)at;
	*ret = false;
	return 0;
}

static int disk_space(void *ctx, int dir, uint64_t *ret_free)
{
	struct disk *disk = ctx;
	uint64_t bytes = used(disk);

	(void)dir;
	*ret_free = !disk->limit ? UINT64_MAX >> 1 : disk->limit > bytes ? disk->limit - bytes : 0;
	return 0;
}

struct disk *disk_new(void)
{
	struct disk *disk = need(calloc(1, sizeof(*disk)));

	disk->io = (struct nvm_io){
		.ctx = disk,
		.open_dir = disk_open_dir,
		.open_at = disk_open_at,
		.close = disk_close,
		.pread = disk_pread,
		.pwrite = disk_pwrite,
		.fdatasync = disk_fsync,
		.fsync = disk_fsync,
		.fstat = disk_fstat,
		.fchmod = disk_fchmod,
		.rename_at = disk_rename_at,
		.unlink_at = disk_unlink_at,
		.list = disk_list,
		.lock = disk_lock,
		.mark = disk_mark,
		.marked = disk_marked,
		.space = disk_space,
	};
	return disk;
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		release(names->entries[i].inode);
}

void disk_free(struct disk **disk)
{
	if (!*disk)
		return;
	for (size_t i = 0; i < (*disk)->event_count; i++)
		release((*disk)->events[i].inode);
	for (size_t i = 0; i < FILES; i++)
		release((*disk)->open[i]);
	free_names(&(*disk)->cache);
	free_names(&(*disk)->platter);
	free((*disk)->events);
	free(*disk);
	*disk = NULL;
}

const struct nvm_io *disk_io(struct disk *disk)
{
	return &disk->io;
}

void disk_watch(struct disk *disk, void (*before)(void *arg), void *arg)
{
	disk->before = before;
	disk->before_arg = arg;
}

unsigned long disk_calls(const struct disk *disk)
{
	return disk->calls;
}

void disk_fail(struct disk *disk, unsigned long after, int error)
{
	disk->fails = true;
	disk->fail_at = disk->calls + after;
	disk->fail_error = error;
}

void disk_limit(struct disk *disk, uint64_t bytes)
{
	disk->limit = bytes;
}

size_t disk_pending(const struct disk *disk)
{
	return disk->event_count;
}

/* The inodes of one disk and what they became on another. */
struct twins {
	const struct inode *old[2 * FILES];
	struct inode *new[2 * FILES];
	size_t count;
};

/* The twin of an inode; made, with the platter as its contents, when it is first asked for. */
static struct inode *twin(struct twins *twins, const struct inode *old)
{
	struct inode *new;

	for (size_t i = 0; i < twins->count; i++)
		if (twins->old[i] == old)
			return twins->new[i];
	if (twins->count == 2 * FILES)
		abort();
	new = need(calloc(1, sizeof(*new)));
	new->refs = 1;
	new->mode = old->mode;
	new->platter = share(&old->platter);
	twins->old[twins->count] = old;
	twins->new[twins->count++] = new;
	return new;
}

static void copy_names(struct twins *twins, const struct names *from, struct names *to)
{
	for (size_t i = 0; i < from->count; i++)
		link_name(to, from->entries[i].name, twin(twins, from->entries[i].inode));
}

static void release_twins(struct twins *twins)
{
	for (size_t i = 0; i < twins->count; i++)
		release(twins->new[i]);
}

struct disk *disk_cut(const struct disk *disk, const uint8_t *survives)
{
	struct disk *cut = disk_new();
	struct twins twins = {0};
	bool names_go_on = true;

	cut->limit = disk->limit;
	copy_names(&twins, &disk->platter, &cut->platter);
	for (size_t i = 0; i < disk->event_count; i++) {
		const struct event *event = &disk->events[i];
		bool lives = survives && survives[i];

		if (event->kind == EVENT_SECTOR && lives) {
			struct inode *inode = twin(&twins, event->inode);

			sync_sector(event->inode, &inode->platter, event->sector);
		} else if (event->kind != EVENT_SECTOR) {
			names_go_on = names_go_on && lives;
			if (names_go_on)
				sync_name(&cut->platter, event,
					  event->inode ? twin(&twins, event->inode) : NULL);
		}
	}
	for (size_t i = 0; i < cut->platter.count; i++) {
		struct inode *inode = cut->platter.entries[i].inode;

		inode->cache = share(&inode->platter);
		link_name(&cut->cache, cut->platter.entries[i].name, inode);
	}
	release_twins(&twins);
	return cut;
}

struct disk *disk_kill(const struct disk *disk)
{
	struct disk *next = disk_new();
	struct twins twins = {0};

	next->limit = disk->limit;
	copy_names(&twins, &disk->platter, &next->platter);
	copy_names(&twins, &disk->cache, &next->cache);
	for (size_t i = 0; i < disk->event_count; i++) {
		struct event event = disk->events[i];

		if (event.inode)
			event.inode = twin(&twins, event.inode);
		pend(next, event);
	}
	for (size_t i = 0; i < twins.count; i++)
		twins.new[i]->cache = share(&twins.old[i]->cache);
	release_twins(&twins);
	return next;
}
