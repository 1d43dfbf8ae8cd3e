/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ./run bench, a card in a reader: APDUs and bytes from C_Initialize to the first signature and for
 * each further one, and what a protected command costs beside a bare SCardTransmit. Started by
 * bench/pcsc.sh, which has prepared the card. Each row with a limit is a promise.
 */
#include "base/cryptoki.h"
#include "bench/client.h"
#include "bench/commands.h"
#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winscard.h>

enum { PAIRS = 40, TINY = 200 };

static CK_FUNCTION_LIST *p11;
static const CK_INTAGLIO_FUNCTION_LIST *vendor;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE key;
static unsigned int passed, failed;

static void find_slot(void)
{
	CK_SLOT_ID slots[16];
	CK_SLOT_INFO info;
	CK_ULONG count = 16;

	client_must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		client_must(p11->C_GetSlotInfo(slots[i], &info), "C_GetSlotInfo");
		slot = slots[i];
		if (strncmp((const char *)info.slotDescription, "Reader", 6) == 0)
			return;
	}
	client_die("a card in a reader");
}

static bool sign_in(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE k)
{
	CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);

	return p11->C_SignInit(s, &mechanism, k) == CKR_OK &&
	       p11->C_Sign(s, (CK_BYTE_PTR) "text", 4, signature, &len) == CKR_OK;
}

static bool sign(void *unused)
{
	(void)unused;
	return sign_in(session, key);
}

static CK_INTAGLIO_FIGURES figures(void)
{
	CK_INTAGLIO_FIGURES f;

	client_must(vendor->Figures(slot, &f), "Figures");
	return f;
}

static void row(const char *what, CK_INTAGLIO_FIGURES before, CK_ULONG limit)
{
	CK_INTAGLIO_FIGURES now = figures();
	CK_ULONG apdus = now.ulApdus - before.ulApdus;

	printf("%-34s %3lu APDUs  %6lu bytes to the card  %6lu from it  at most %lu: %s\n", what,
	       apdus, now.ulSent - before.ulSent, now.ulReceived - before.ulReceived, limit,
	       apdus <= limit ? "kept" : "MISSED");
	apdus <= limit ? passed++ : failed++;
}

/* A session with the user logged in, and the private key. */
static void open_key(CK_SLOT_ID id, CK_SESSION_HANDLE *s, CK_OBJECT_HANDLE *k)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_ULONG count;

	client_must(p11->C_OpenSession(id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, s),
		    "C_OpenSession");
	client_must(p11->C_Login(*s, CKU_USER, (CK_UTF8CHAR_PTR) "123456", 6), "C_Login");
	client_must(p11->C_FindObjectsInit(*s, &template, 1), "C_FindObjectsInit");
	client_must(p11->C_FindObjects(*s, k, 1, &count), "C_FindObjects");
	client_must(p11->C_FindObjectsFinal(*s), "C_FindObjectsFinal");
	if (count != 1)
		client_die("finding the key");
}

/* From C_Initialize to the first signature. */
static void start(const char *what, CK_ULONG limit)
{
	CK_INTAGLIO_FIGURES nothing = {.ulApdus = 0};

	client_must(p11->C_Initialize(NULL), "C_Initialize");
	find_slot();
	row("C_Initialize to C_GetSlotInfo", nothing, 0);
	open_key(slot, &session, &key);
	if (!sign(NULL))
		client_die("the first signature");
	row(what, nothing, limit);
}

static bool random_bytes(void *unused)
{
	CK_BYTE bytes[32];

	(void)unused;
	return p11->C_GenerateRandom(session, bytes, sizeof(bytes)) == CKR_OK;
}

struct bare {
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol;
	char reader[1024];
	struct commands *commands;
	/* The same card without a reader, slot 0. */
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
};

static void open_bare(struct bare *b)
{
	DWORD len = sizeof(b->reader);

	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &b->context) != 0 ||
	    SCardListReaders(b->context, NULL, b->reader, &len) != 0 ||
	    SCardConnect(b->context, b->reader, SCARD_SHARE_SHARED,
			 SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &b->card, &b->protocol) != 0)
		client_die("a bare connection");
}

/* The least a command can be: no answer but the status word. */
static bool transmit_bare(void *arg)
{
	static const BYTE select[] = {0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xF0, 'I', 'n',
				      't',  'a',  'g',  'l',  'i',  'o',  0x01};
	struct bare *b = arg;
	BYTE answer[300];
	DWORD len = sizeof(answer);

	return SCardTransmit(b->card, SCARD_PCI_T1, select, sizeof(select), NULL, answer, &len) ==
		       0 &&
	       len == 2;
}

static bool send_bare(void *arg)
{
	struct bare *b = arg;

	return commands_send(b->commands, b->card);
}

/* What a signature has to cost in a reader: the signature, and one round trip. */
static bool sign_and_transmit(void *arg)
{
	struct bare *b = arg;

	return sign_in(b->session, b->key) && transmit_bare(b);
}

/* The smallest command there is, with nothing but the line and the two ends of the channel in it. */
static void tiny(struct bare *bare)
{
	CK_INTAGLIO_FIGURES before = figures(), after;
	struct measure_result r;
	char host[4096];
	bool same, fast;

	snprintf(host, sizeof(host), "%s/intaglio/cards/default/host", getenv("XDG_DATA_HOME"));
	bare->commands = commands_new(bare->reader, host, (PAIRS + 1) * TINY);
	if (!bare->commands)
		client_die("a session for the bare loop");
	r = measure_pair(random_bytes, NULL, send_bare, bare, PAIRS, TINY);
	after = figures();
	same = r.good && after.ulApdus - before.ulApdus == (PAIRS + 1) * TINY &&
	       after.ulSent - before.ulSent ==
		       (PAIRS + 1) * TINY * commands_length(bare->commands) &&
	       after.ulReceived - before.ulReceived ==
		       (PAIRS + 1) * TINY * commands_answer(bare->commands);
	fast = r.ratio >= 0.9;
	printf("%-34s %9.1f us  bare %8.1f us  ratio %.2f  at least 0.90: %s  as many round trips "
	       "and bytes: %s\n",
	       "32 random bytes, in a reader", r.ours_us, r.base_us, r.ratio,
	       fast ? "kept" : "MISSED", same ? "kept" : "MISSED");
	same ? passed++ : failed++;
	fast ? passed++ : failed++;
	puts("  (bare: SCardTransmit of the same commands, as many and as long, protected "
	     "beforehand, answers not looked at)");
	r = measure_pair(random_bytes, NULL, transmit_bare, bare, PAIRS, TINY);
	printf("%-34s %9.1f us  bare %8.1f us  ratio %.2f\n", "  beside an empty command",
	       r.ours_us, r.base_us, r.ratio);
	puts("  (bare: SCardTransmit of a SELECT without an answer, which the card neither deciphers "
	     "nor protects)");
	commands_free(&bare->commands);
}

int main(void)
{
	CK_INTAGLIO_FIGURES before;
	struct measure_result r;
	struct bare bare;
	bool kept;

	vendor = client_vendor(client_load(getenv("module"), &p11));
	start("the first signature, cold", 16);
	client_must(p11->C_Finalize(NULL), "C_Finalize");
	start("the first signature, with the cache", 11);
	before = figures();
	if (!sign(NULL))
		client_die("C_Sign");
	row("a further signature", before, 1);
	open_bare(&bare);
	open_key(0, &bare.session, &bare.key);
	r = measure_pair(sign, NULL, sign_and_transmit, &bare, PAIRS, 50);
	kept = r.good && r.ratio >= 0.9;
	printf("%-34s %9.1f us  bare %8.1f us  ratio %.2f  at least 0.90: %s\n",
	       "sign, RSA-2048, in a reader", r.ours_us, r.base_us, r.ratio,
	       kept ? "kept" : "MISSED");
	kept ? passed++ : failed++;
	puts("  (bare: the same card's signature without a reader, and one bare SCardTransmit)");
	tiny(&bare);
	p11->C_Finalize(NULL);
	puts("(to the first signature: OpenSC with PIV 25 cold and 18 warm, ykcs11 94)");
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
