/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ./run bench: what an application does most with a token of 1,000 objects, beside Debian's SoftHSM2
 * in the same run: find one by CKA_ID, read three attributes, open and close a session, start. The
 * rows with a floor are promises, and none of them may cost an APDU.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cryptoki.h"
#include "bench/channel.h"
#include "bench/client.h"
#include "bench/measure.h"

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

enum { OBJECTS = 1000, SLOTS = 8, STARTS = 21 };

struct module {
	CK_FUNCTION_LIST *p11;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_ULONG next;
};

static struct module ours, peer;
static const CK_INTAGLIO_FUNCTION_LIST *vendor;
static char directory[64]; /* in memory, where there is such: the disk is not what is measured */
static unsigned int passed, failed;

static void find_slot(struct module *m)
{
	CK_SLOT_ID slots[SLOTS];
	CK_ULONG count = SLOTS;
	CK_TOKEN_INFO info;

	client_must(m->p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	m->slot = slots[0];
	for (CK_ULONG i = 0; i < count; i++)
		if (m->p11->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    strncmp((const char *)info.label, "bench", 5) == 0)
			m->slot = slots[i];
}

static void id_of(CK_ULONG i, CK_BYTE id[4])
{
	id[0] = (CK_BYTE)(i >> 8);
	id[1] = (CK_BYTE)i;
	id[2] = id[3] = 0x5A;
}

static void make_objects(struct module *m)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BYTE id[4], value[600] = {0x30, 0x82, 0x02, 0x54};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_PRIVATE, &no, sizeof(no)},
		{CKA_ID, id, sizeof(id)},
		{CKA_LABEL, (void *)"a certificate", 13},
		{CKA_SUBJECT, (void *)"\x30\x00", 2},
		{CKA_VALUE, value, sizeof(value)},
	};

	for (CK_ULONG i = 0; i < OBJECTS; i++) {
		id_of(i, id);
		client_must(m->p11->C_CreateObject(m->session, template, 8, &m->object),
			    "C_CreateObject");
	}
}

static void make_token(struct module *m)
{
	client_must(m->p11->C_Initialize(NULL), "C_Initialize");
	find_slot(m);
	client_init_token(m->p11, m->slot);
	find_slot(m);
	m->session = client_init_pin(m->p11, m->slot);
}

static bool find_one(void *arg)
{
	struct module *m = arg;
	CK_BYTE id[4];
	CK_ATTRIBUTE template = {CKA_ID, id, sizeof(id)};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;

	id_of(m->next++ * 7 % OBJECTS, id);
	return m->p11->C_FindObjectsInit(m->session, &template, 1) == CKR_OK &&
	       m->p11->C_FindObjects(m->session, found, 2, &count) == CKR_OK &&
	       m->p11->C_FindObjectsFinal(m->session) == CKR_OK && count == 1;
}

static bool read_three(void *arg)
{
	struct module *m = arg;
	CK_OBJECT_CLASS class;
	CK_BYTE id[16], label[32];
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_ID, id, sizeof(id)},
		{CKA_LABEL, label, sizeof(label)},
	};

	return m->p11->C_GetAttributeValue(m->session, m->object, template, 3) == CKR_OK;
}

static bool open_and_close(void *arg)
{
	struct module *m = arg;
	CK_SESSION_HANDLE s;

	return m->p11->C_OpenSession(m->slot, CKF_SERIAL_SESSION, NULL, NULL, &s) == CKR_OK &&
	       m->p11->C_CloseSession(s) == CKR_OK;
}

static bool find_key(struct module *m)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_OBJECT_HANDLE found;
	CK_ULONG count = 0;

	return m->p11->C_FindObjectsInit(m->session, &template, 1) == CKR_OK &&
	       m->p11->C_FindObjects(m->session, &found, 1, &count) == CKR_OK &&
	       m->p11->C_FindObjectsFinal(m->session) == CKR_OK && count == 1;
}

/*
 * In a process of its own, from main on: the library is loaded, initialised and asked for a key.
 * Prints microseconds of processor time.
 */
static int start(const char *path)
{
	struct module m = {.p11 = NULL};
	double begun = measure_processor();

	client_load(path, &m.p11);
	client_must(m.p11->C_Initialize(NULL), "C_Initialize");
	find_slot(&m);
	m.session = client_open_session(m.p11, m.slot);
	if (!find_key(&m))
		return 1;
	printf("%.1f\n", (measure_processor() - begun) * 1e6);
	return 0;
}

static double time_start(const char *path)
{
	char text[64] = "";
	int ends[2], status = -1;
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		exit(1);
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		execl("/proc/self/exe", "bench_peer", "start", path, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], text, sizeof(text) - 1) <= 0 || waitpid(child, &status, 0) != child ||
	    status != 0) {
		fprintf(stderr, "bench: a start failed\n");
		exit(1);
	}
	close(ends[0]);
	return strtod(text, NULL);
}

static void make_key(struct module *m)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_MECHANISM mechanism = {.mechanism = CKM_EC_KEY_PAIR_GEN};
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				 {CKA_PRIVATE, &no, sizeof(no)},
				 {CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_SIGN, &yes, sizeof(yes)}};
	CK_OBJECT_HANDLE public_key, private_key;

	client_must(m->p11->C_GenerateKeyPair(m->session, &mechanism, public, 3, private, 2,
					      &public_key, &private_key),
		    "C_GenerateKeyPair");
}

/* Processor time, because a start of milliseconds is over in one time slice or waits for the next. */
static void start_row(const char *path)
{
	double our[STARTS], peers[STARTS], rsa[STARTS], times[STARTS], middle;
	struct channel_bench *channel = channel_bench_new(directory);
	bool kept;

	if (!channel)
		exit(1);
	for (size_t i = 0; i < STARTS; i++) {
		our[i] = time_start(path);
		peers[i] = time_start(SOFTHSM);
		rsa[i] = channel_bench_rsa(channel);
		times[i] = (our[i] - rsa[i]) / peers[i];
	}
	channel_bench_free(&channel);
	middle = measure_median(times, STARTS);
	kept = middle <= 2;
	printf("%-34s %9.2f us  SoftHSM2 %9.2f us  RSA of the handshake %9.2f us  without it "
	       "%.2f times  at most 2.00: %s\n",
	       "start to the first key, warm", measure_median(our, STARTS),
	       measure_median(peers, STARTS), measure_median(rsa, STARTS), middle,
	       kept ? "kept" : "MISSED");
	kept ? passed++ : failed++;
}

static void row(const char *name, measure_work work, size_t pairs, size_t units, double floor)
{
	CK_INTAGLIO_FIGURES before, after;
	struct measure_result r;
	bool kept;

	client_must(vendor->Figures(ours.slot, &before), "Figures");
	r = measure_pair(work, &ours, work, &peer, pairs, units);
	client_must(vendor->Figures(ours.slot, &after), "Figures");
	kept = r.good && r.ratio >= floor && after.ulApdus == before.ulApdus;
	printf("%-34s %9.2f us  SoftHSM2 %9.2f us  ratio %.2f  at least %.2f, without an APDU: "
	       "%s\n",
	       name, r.ours_us, r.base_us, r.ratio, floor, kept ? "kept" : "MISSED");
	kept ? passed++ : failed++;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void set_directory(void)
{
	char path[128];
	FILE *file;

	snprintf(directory, sizeof(directory), "%s/intaglio-bench-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(directory))
		exit(1);
	setenv("XDG_DATA_HOME", directory, 1);
	setenv("XDG_CONFIG_HOME", directory, 1);
	setenv("PCSCLITE_CSOCK_NAME", "/nonexistent", 1);
	unsetenv("INTAGLIO_CONF");
	snprintf(path, sizeof(path), "%s/tokens", directory);
	if (mkdir(path, 0700) != 0)
		exit(1);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", directory);
	file = fopen(path, "w");
	if (!file)
		exit(1);
	fprintf(file, "directories.tokendir = %s/tokens\nobjectstore.backend = file\n", directory);
	fprintf(file, "log.level = ERROR\n");
	fclose(file);
	setenv("SOFTHSM2_CONF", path, 1);
}

int main(int argc, char **argv)
{
	const char *build = getenv("INTAGLIO_BUILD");
	char path[4096];

	if (argc > 2 && strcmp(argv[1], "start") == 0)
		return start(argv[2]);
	if (access(SOFTHSM, R_OK) != 0) {
		printf("SoftHSM2 is not installed; nothing is compared with it\n");
		printf("0 passed, 0 failed\n");
		return 0;
	}
	set_directory();
	snprintf(path, sizeof(path), "%s/module/intaglio-pkcs11.so", build ? build : "build");
	vendor = client_vendor(client_load(path, &ours.p11));
	client_load(SOFTHSM, &peer.p11);
	make_token(&ours);
	make_token(&peer);
	make_key(&ours);
	make_key(&peer);
	start_row(path);
	make_objects(&ours);
	make_objects(&peer);
	/* From here on the card's objects are known. */
	if (!find_one(&ours))
		exit(1);
	row("find 1 of 1,000 by CKA_ID", find_one, 7, 20, 10);
	row("read 3 attributes", read_three, 9, 200, 10);
	row("open and close a session", open_and_close, 30, 1000, 1);
	client_must(ours.p11->C_Finalize(NULL), "C_Finalize");
	client_must(peer.p11->C_Finalize(NULL), "C_Finalize");
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
