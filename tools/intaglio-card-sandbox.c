/* SPDX-License-Identifier: BSD-2-Clause */
/* Landlock has no wrapper in this libc: three system calls and the structures of its header. */
#include "tools/intaglio-card-sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/log.h"

enum {
	ACCESS_READ = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
		      LANDLOCK_ACCESS_FS_READ_DIR,
	ACCESS_ALL = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1, /* all of the first version */
	ACCESS_CARD = ACCESS_ALL & ~(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
				     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |
				     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM),
};

void sandbox_hide(void)
{
	const struct rlimit none = {0, 0};

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
}

static int allow_below(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr below = {.allowed_access = access};
	long rc;

	below.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (below.parent_fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
	close(below.parent_fd);
	return (int)rc;
}

/* Files: libraries and settings of the system are read, the cards written, nothing else. */
static enum rc enter_landlock(const char *const *directories, size_t count, const char *removable)
{
	static const char *const readable[] = {"/usr", "/lib",       "/lib64",
					       "/etc", "/proc/self", "/dev/urandom"};
	const struct landlock_ruleset_attr attributes = {.handled_access_fs = ACCESS_ALL};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	enum rc rc = RC_IO;

	if (rules < 0) {
		log_warning("this kernel has no Landlock (%s); files are not fenced off",
			    strerror(errno));
		return RC_OK;
	}
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		if (allow_below(rules, readable[i],
				strcmp(readable[i], "/dev/urandom") == 0
					? LANDLOCK_ACCESS_FS_READ_FILE
					: ACCESS_READ) != 0)
			goto out;
	for (size_t i = 0; i < count; i++)
		if (allow_below(rules, directories[i], ACCESS_CARD) != 0)
			goto out;
	if (removable && allow_below(rules, removable, LANDLOCK_ACCESS_FS_REMOVE_FILE) != 0)
		goto out;
	if (syscall(SYS_landlock_restrict_self, rules, 0) == 0)
		rc = RC_OK;
out:
	if (rc != RC_OK)
		log_error("files cannot be fenced off: %s", strerror(errno));
	close(rules);
	return rc;
}

/* What the card, its log, libcrypto, the threads and the two sockets need; all else is EPERM. */
static const int allowed[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(close),
	SCMP_SYS(connect),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fallocate),
	SCMP_SYS(fcntl),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fsync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getdents64),
	SCMP_SYS(geteuid),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getsockopt),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(membarrier),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mlock),
	SCMP_SYS(mlock2),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(munlock),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(openat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(prlimit64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev),
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(rename),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sendto),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(statx),
	SCMP_SYS(sync_file_range),
	SCMP_SYS(tgkill),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(dup),
	SCMP_SYS(stat),
	SCMP_SYS(open),
	SCMP_SYS(access),
	SCMP_SYS(faccessat2),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(uname),
};

static enum rc enter_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rv = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rv == 0; i++)
		rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	/* To vpcd, and to syslog. */
	if (rv == 0)
		rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_EQ, AF_INET));
	if (rv == 0)
		rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (rv == 0)
		rv = seccomp_load(filter);
	seccomp_release(filter);
	if (rv == 0)
		return RC_OK;
	log_error("system calls cannot be fenced off: %s", strerror(-rv));
	return RC_IO;
}

enum rc sandbox_enter(const char *const *directories, size_t count, const char *removable)
{
	enum rc rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_error("new privileges cannot be given up: %s", strerror(errno));
		return RC_IO;
	}
	rc = enter_landlock(directories, count, removable);
	return rc == RC_OK ? enter_seccomp() : rc;
}
