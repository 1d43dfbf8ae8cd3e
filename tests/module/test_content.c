/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Management of a card's contents through the vendor interface, on a real card: an installation that
 * is cancelled before any of its blocks leaves nothing, what is told of it is true, and a session
 * that is open stays what it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/module/load.h"
#include "tests/suite.h"

enum { METHODS = 3000, ROOM = 4096, ENTRIES = 16, BLOCK = 500 };

static struct loaded loaded;
static CK_BYTE file[ROOM];
static CK_ULONG file_len;
static const CK_INTAGLIO_AID package = {{0xF0, 1, 2, 3, 4, 5}, 6};
static const CK_INTAGLIO_AID applet = {{0xF0, 1, 2, 3, 4, 5, 1}, 7};

static void put(const void *bytes, size_t len)
{
	memcpy(file + file_len, bytes, len);
	file_len += len;
}

static void put_component(unsigned int tag, const void *body, size_t len)
{
	const CK_BYTE header[] = {(CK_BYTE)tag, (CK_BYTE)(len >> 8), (CK_BYTE)len};

	put(header, sizeof(header));
	put(body, len);
}

/* A plain load file. */
static void make_file(void)
{
	static const CK_BYTE header[] = {0xDE, 0xCA, 0xFF, 0xED, 1, 2, 4, 0,
					 1,    6,    0xF0, 1,    2, 3, 4, 5};
	static const CK_BYTE imports[] = {1, 0, 1, 7, 0xA0, 0, 0, 0, 0x62, 1, 1};
	static const CK_BYTE applets[] = {1, 7, 0xF0, 1, 2, 3, 4, 5, 1, 0, 0};
	static const CK_BYTE methods[METHODS];
	static const unsigned int others[] = {8, 5, 9};

	put_component(1, header, sizeof(header));
	put_component(2, "", 1);
	put_component(4, imports, sizeof(imports));
	put_component(3, applets, sizeof(applets));
	put_component(6, "", 1);
	put_component(7, methods, METHODS);
	for (size_t i = 0; i < 3; i++)
		put_component(others[i], "", 1);
}

struct steps {
	unsigned int calls, stop_at; /* 0: never */
	CK_ULONG done, total;
};

/* The application may call the module in between. */
static CK_RV count_step(void *arg, CK_ULONG done, CK_ULONG total)
{
	struct steps *s = arg;
	CK_TOKEN_INFO info;

	CU_ASSERT(s->calls == 0 || done > s->done);
	CU_ASSERT_EQUAL(loaded.list->C_GetTokenInfo(0, &info), CKR_OK);
	s->done = done;
	s->total = total;
	return ++s->calls == s->stop_at ? CKR_FUNCTION_CANCELED : CKR_OK;
}

static CK_INTAGLIO_INSTALLATION installation(struct steps *s)
{
	return (CK_INTAGLIO_INSTALLATION){.pFile = file,
					  .ulFileLen = file_len,
					  .ulBlockSize = BLOCK,
					  .Progress = count_step,
					  .pApplication = s};
}

static CK_ULONG count_content(void)
{
	CK_INTAGLIO_CONTENT list[ENTRIES];
	CK_ULONG count = ENTRIES;

	CU_ASSERT_EQUAL(loaded.vendor->ListContent(0, NULL, list, &count), CKR_OK);
	return count;
}

static void an_installation_cancelled_at_any_step_leaves_nothing(void)
{
	CK_ULONG before = count_content();
	unsigned int at = 0;
	CK_RV rv;

	do {
		struct steps s = {.stop_at = ++at};
		CK_INTAGLIO_INSTALLATION in = installation(&s);

		rv = loaded.vendor->InstallContent(0, NULL, &in);
		if (rv == CKR_OK)
			break;
		CU_ASSERT_EQUAL(rv, CKR_FUNCTION_CANCELED);
		CU_ASSERT_EQUAL(s.calls, at);
		CU_ASSERT_EQUAL(count_content(), before);
	} while (rv == CKR_FUNCTION_CANCELED && at < 100);
	/* Before each block, and after the last. */
	CU_ASSERT_EQUAL(at, (file_len + 4 + BLOCK - 1) / BLOCK + 2);
	CU_ASSERT_EQUAL(count_content(), before + 2);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &package, CK_TRUE), CKR_OK);
	CU_ASSERT_EQUAL(count_content(), before);
}

static void what_is_told_of_an_installation_is_true(void)
{
	struct steps s = {.calls = 0};
	CK_INTAGLIO_INSTALLATION in = installation(&s);
	CK_INTAGLIO_CONTENT list[ENTRIES];
	CK_ULONG before = count_content(), count = 1;

	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(0, NULL, &in), CKR_OK);
	CU_ASSERT_EQUAL(in.package.ulLen, package.ulLen);
	CU_ASSERT_EQUAL(in.ulBlock, BLOCK);
	CU_ASSERT_EQUAL(in.ulBlocks, s.calls - 1);
	CU_ASSERT_EQUAL(in.ulApplications, 1);
	CU_ASSERT_EQUAL(s.done, s.total);
	CU_ASSERT_EQUAL(s.total, file_len + 4);
	CU_ASSERT(in.ulSent > file_len);
	CU_ASSERT_EQUAL(loaded.vendor->ListContent(0, NULL, NULL, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, before + 2);
	count = before + 1;
	CU_ASSERT_EQUAL(loaded.vendor->ListContent(0, NULL, list, &count), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(count, before + 2);
	CU_ASSERT_EQUAL(loaded.vendor->LockContent(0, NULL, &applet, CK_TRUE), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->LockContent(0, NULL, &applet, CK_TRUE),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &package, CK_FALSE),
			CKR_ACTION_PROHIBITED);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &applet, CK_FALSE), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &applet, CK_FALSE), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &package, CK_FALSE), CKR_OK);
}

/* An application that cannot be made takes its package with it. */
static void an_application_that_is_refused_leaves_no_package(void)
{
	struct steps s = {.calls = 0};
	CK_INTAGLIO_INSTALLATION in = installation(&s);
	CK_ULONG before = count_content();

	/* A privilege of security domains alone. */
	in.privileges[0] = 0x80;
	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(0, NULL, &in), CKR_DATA_INVALID);
	CU_ASSERT_EQUAL(count_content(), before);
	in.privileges[0] = 0;
	file_len--;
	in.ulFileLen--;
	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(0, NULL, &in), CKR_DATA_INVALID);
	file_len++;
	CU_ASSERT_EQUAL(count_content(), before);
}

static void a_login_is_not_disturbed(void)
{
	static CK_UTF8CHAR so_pin[] = "12345678", label[32];
	struct steps s = {.calls = 0};
	CK_INTAGLIO_INSTALLATION in = installation(&s);
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE session;

	memset(label, ' ', sizeof(label));
	CU_ASSERT_EQUAL(loaded.list->C_InitToken(0, so_pin, 8, label), CKR_OK);
	CU_ASSERT_EQUAL_FATAL(loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION,
							 NULL, NULL, &session),
			      CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_Login(session, CKU_SO, so_pin, 8), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->InstallContent(0, NULL, &in), CKR_OK);
	CU_ASSERT_EQUAL(loaded.vendor->DeleteContent(0, NULL, &package, CK_TRUE), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_GetSessionInfo(session, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.state, CKS_RW_SO_FUNCTIONS);
	CU_ASSERT_EQUAL(loaded.list->C_InitPIN(session, so_pin, 6), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
}

static int set_up(void)
{
	make_file();
	return !load_open(LOAD_REAL, &loaded) || loaded.list->C_Initialize(NULL) != CKR_OK;
}

static int tear_down(void)
{
	loaded.list->C_Finalize(NULL);
	load_close(&loaded);
	return 0;
}

int main(void)
{
	CU_TestInfo tests[] = {
		{"an_installation_cancelled_at_any_step_leaves_nothing",
		 an_installation_cancelled_at_any_step_leaves_nothing},
		{"what_is_told_of_an_installation_is_true",
		 what_is_told_of_an_installation_is_true},
		{"an_application_that_is_refused_leaves_no_package",
		 an_application_that_is_refused_leaves_no_package},
		{"a_login_is_not_disturbed", a_login_is_not_disturbed},
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{.pName = "content",
		 .pInitFunc = set_up,
		 .pCleanupFunc = tear_down,
		 .pTests = tests},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("content", suites);
}
