/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in and out of the library: C_Initialize and its arguments, forks, threads that close what
 * others use, sessions and their handles, sentences. On the token that does nothing, and, what does
 * not need its tricks, on a real card.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/functions.h"
#include "tests/module/load.h"
#include "tests/suite.h"

static struct loaded loaded;

static CK_SESSION_HANDLE open_session(CK_FLAGS flags, CK_NOTIFY notify)
{
	CK_SESSION_HANDLE session = 0;

	CU_ASSERT_EQUAL(loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION | flags, NULL, notify,
						   &session),
			CKR_OK);
	return session;
}

static CK_RV seed(CK_SESSION_HANDLE session, const char *text)
{
	return loaded.list->C_SeedRandom(session, (CK_BYTE_PTR)(uintptr_t)text, strlen(text));
}

static CK_RV no_mutex(void *mutex)
{
	(void)mutex;
	return CKR_OK;
}

static CK_RV no_new_mutex(void **mutex)
{
	(void)mutex;
	return CKR_OK;
}

/* C_Initialize with these, and C_Finalize if that succeeded. */
static CK_RV initialize(CK_FLAGS flags, unsigned int functions, void *reserved)
{
	CK_C_INITIALIZE_ARGS args = {
		.CreateMutex = functions & 1 ? no_new_mutex : NULL,
		.DestroyMutex = functions & 2 ? no_mutex : NULL,
		.LockMutex = functions & 4 ? no_mutex : NULL,
		.UnlockMutex = functions & 8 ? no_mutex : NULL,
		.flags = flags,
		.pReserved = reserved,
	};
	CK_RV rv = loaded.list->C_Initialize(&args);

	if (rv == CKR_OK)
		CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
	return rv;
}

static void the_four_ways_to_lock_are_told_apart(void)
{
	CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
	CU_ASSERT_EQUAL(initialize(0, 0, NULL), CKR_OK);
	CU_ASSERT_EQUAL(initialize(CKF_OS_LOCKING_OK, 0, NULL), CKR_OK);
	CU_ASSERT_EQUAL(initialize(CKF_OS_LOCKING_OK, 15, NULL), CKR_OK);
	CU_ASSERT_EQUAL(initialize(0, 15, NULL), CKR_CANT_LOCK);
	CU_ASSERT_EQUAL(initialize(CKF_LIBRARY_CANT_CREATE_OS_THREADS, 0, NULL), CKR_OK);
	for (unsigned int functions = 1; functions < 15; functions++) {
		CU_ASSERT_EQUAL(initialize(0, functions, NULL), CKR_ARGUMENTS_BAD);
		CU_ASSERT_EQUAL(initialize(CKF_OS_LOCKING_OK, functions, NULL), CKR_ARGUMENTS_BAD);
	}
	CU_ASSERT_EQUAL(initialize(CKF_OS_LOCKING_OK, 0, &loaded), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

static void handles_are_never_used_again(void)
{
	CK_SESSION_HANDLE last = 0;

	for (int i = 0; i < 50; i++) {
		CK_SESSION_HANDLE session = open_session(0, NULL);

		CU_ASSERT(session > last);
		last = session;
		if (i % 10 == 0) {
			CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
			CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
		} else {
			CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
		}
	}
}

static void sessions_are_counted_for_the_token(void)
{
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE ro = open_session(0, NULL);

	open_session(CKF_RW_SESSION, NULL);
	open_session(CKF_RW_SESSION, NULL);
	CU_ASSERT_EQUAL(loaded.list->C_GetTokenInfo(0, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.ulSessionCount, 3);
	CU_ASSERT_EQUAL(info.ulRwSessionCount, 2);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(ro), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(ro), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.list->C_GetTokenInfo(0, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.ulSessionCount, 2);
	CU_ASSERT_EQUAL(loaded.list->C_CloseAllSessions(0), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_GetTokenInfo(0, &info), CKR_OK);
	CU_ASSERT_EQUAL(info.ulSessionCount, 0);
}

static void a_token_is_not_initialised_under_an_open_session(void)
{
	CK_UTF8CHAR pin[] = "12345678";
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	open_session(0, NULL);
	CU_ASSERT_EQUAL(loaded.list->C_InitToken(0, pin, 8, label), CKR_SESSION_EXISTS);
	CU_ASSERT_EQUAL(loaded.list->C_CloseAllSessions(0), CKR_OK);
}

static void a_session_is_serial(void)
{
	CK_SESSION_HANDLE session;

	CU_ASSERT_EQUAL(loaded.list->C_OpenSession(0, CKF_RW_SESSION, NULL, NULL, &session),
			CKR_SESSION_PARALLEL_NOT_SUPPORTED);
}

static void slots_are_looked_for_when_their_number_is_asked(void)
{
	CK_SLOT_ID list[8];
	CK_ULONG count = 8;

	CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_FALSE, list, &count), CKR_OK);
		CU_ASSERT_EQUAL(count, 2);
	}
	CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 3);
	count = 2;
	CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_FALSE, list, &count), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(loaded.list->C_GetSlotList(CK_TRUE, list, &count), CKR_OK);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(list[0], 0);
}

static void last_error(char text[512])
{
	CK_ULONG len = 511;

	CU_ASSERT_EQUAL(loaded.vendor->LastError((CK_UTF8CHAR *)text, &len), CKR_OK);
	text[len] = '\0';
}

static void *ask_for_the_last_error(void *text)
{
	last_error(text);
	return NULL;
}

static void the_sentence_is_that_of_the_threads_last_failed_call(void)
{
	CK_SESSION_HANDLE session = open_session(0, NULL);
	CK_UTF8CHAR pin[] = "1234";
	char text[512];
	CK_ULONG len = 0;
	pthread_t thread;
	CK_INFO info;

	CU_ASSERT_EQUAL(loaded.list->C_Login(session, CKU_USER, pin, 4), CKR_PIN_INCORRECT);
	CU_ASSERT_EQUAL(loaded.list->C_GetInfo(&info), CKR_OK);
	last_error(text);
	CU_ASSERT_STRING_EQUAL(text, "The PIN is wrong: 2 tries are left.");
	CU_ASSERT_EQUAL(loaded.vendor->LastError(NULL, &len), CKR_OK);
	CU_ASSERT_EQUAL(len, strlen(text));
	len = 3;
	CU_ASSERT_EQUAL(loaded.vendor->LastError((CK_UTF8CHAR *)text, &len), CKR_BUFFER_TOO_SMALL);
	CU_ASSERT_EQUAL(loaded.vendor->LastError((CK_UTF8CHAR *)text, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.list->C_Logout(session), CKR_USER_NOT_LOGGED_IN);
	last_error(text);
	CU_ASSERT_STRING_EQUAL(text, "C_Logout returned CKR_USER_NOT_LOGGED_IN.");
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ask_for_the_last_error, text), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_STRING_EQUAL(text, "");
}

static void figures_are_those_of_the_slot(void)
{
	CK_INTAGLIO_FIGURES figures;

	CU_ASSERT_EQUAL(loaded.vendor->Figures(0, &figures), CKR_OK);
	CU_ASSERT_EQUAL(figures.ulApdus, 7);
	CU_ASSERT_EQUAL(figures.ulSent, 70);
	CU_ASSERT_EQUAL(figures.ulReceived, 700);
	CU_ASSERT_EQUAL(strlen(figures.channel), sizeof(figures.channel) - 1);
	CU_ASSERT_EQUAL(loaded.vendor->Figures(0, NULL), CKR_ARGUMENTS_BAD);
	CU_ASSERT_EQUAL(loaded.vendor->Figures(99, &figures), CKR_SLOT_ID_INVALID);
}

/* What the child of a fork must see; its exit code is the number of the first thing it does not. */
static int child_of_a_fork(CK_SESSION_HANDLE session)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE own;
	CK_TOKEN_INFO token;

	if (loaded.list->C_GetSessionInfo(session, &info) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (loaded.list->C_Finalize(NULL) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 2;
	if (loaded.list->C_Initialize(NULL) != CKR_OK)
		return 3;
	if (loaded.list->C_GetSessionInfo(session, &info) != CKR_SESSION_HANDLE_INVALID)
		return 4;
	if (loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &own) != CKR_OK)
		return 5;
	if (own == session || loaded.list->C_GetTokenInfo(0, &token) != CKR_OK)
		return 6;
	if (token.ulSessionCount != 1)
		return 7;
	return loaded.list->C_Finalize(NULL) == CKR_OK ? 0 : 8;
}

/* The child does not run the parent's atexit functions, which are not its own. */
static int run_child(CK_SESSION_HANDLE session)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child_of_a_fork(session));
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_child_initialises_for_itself_and_does_not_harm_its_parent(void)
{
	CK_SESSION_HANDLE session = open_session(CKF_RW_SESSION, NULL);
	CK_SESSION_INFO info;

	CU_ASSERT_EQUAL(run_child(session), 0);
	CU_ASSERT_EQUAL(run_child(session), 0);
	CU_ASSERT_EQUAL(loaded.list->C_GetSessionInfo(session, &info), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
}

static void *seed_and_wait(void *session)
{
	CK_RV rv = seed(*(CK_SESSION_HANDLE *)session, "wait");

	CU_ASSERT_EQUAL(rv, CKR_RANDOM_SEED_NOT_SUPPORTED);
	return NULL;
}

static pthread_t start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, function, argument), 0);
	return thread;
}

static void a_child_forked_while_a_thread_is_inside_is_not_stuck(void)
{
	CK_SESSION_HANDLE session = open_session(0, NULL);
	pthread_t thread = start(seed_and_wait, &session);

	usleep(50 * 1000);
	CU_ASSERT_EQUAL(run_child(session), 0);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
}

static void c_finalize_waits_for_the_call_that_is_inside(void)
{
	CK_SESSION_HANDLE session = open_session(0, NULL);
	pthread_t thread = start(seed_and_wait, &session);

	usleep(50 * 1000);
	CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
}

static void *wait_for_an_event(void *unused)
{
	CK_SLOT_ID slot;

	(void)unused;
	CU_ASSERT_EQUAL(loaded.list->C_WaitForSlotEvent(0, &slot, NULL),
			CKR_CRYPTOKI_NOT_INITIALIZED);
	return NULL;
}

static void c_finalize_ends_the_waits_for_a_slot_event(void)
{
	pthread_t threads[2] = {start(wait_for_an_event, NULL), start(wait_for_an_event, NULL)};

	usleep(50 * 1000);
	CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
}

static void a_card_pulled_in_a_call_takes_its_sessions_with_it(void)
{
	CK_SESSION_HANDLE one = open_session(0, NULL), other = open_session(0, NULL);
	CK_SESSION_INFO info;

	CU_ASSERT_EQUAL(seed(one, "pull"), CKR_DEVICE_REMOVED);
	CU_ASSERT_EQUAL(loaded.list->C_GetSessionInfo(one, &info), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(other), CKR_SESSION_HANDLE_INVALID);
	one = open_session(0, NULL);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(one), CKR_OK);
}

static void the_event_of_a_card_that_has_gone_closes_its_sessions(void)
{
	CK_SESSION_HANDLE one = open_session(0, NULL), other = open_session(0, NULL);
	CK_SESSION_INFO info;
	CK_SLOT_ID slot = 99;

	CU_ASSERT_EQUAL(seed(one, "take"), CKR_RANDOM_SEED_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(loaded.list->C_GetSessionInfo(one, &info), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
	CU_ASSERT_EQUAL(slot, 0);
	CU_ASSERT_EQUAL(loaded.list->C_GetSessionInfo(one, &info), CKR_SESSION_HANDLE_INVALID);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(other), CKR_SESSION_HANDLE_INVALID);
}

static void *ask_for_the_session(void *session)
{
	static CK_RV rv;
	CK_SESSION_INFO info;

	rv = loaded.list->C_GetSessionInfo(*(CK_SESSION_HANDLE *)session, &info);
	return &rv;
}

static void *close_it(void *session)
{
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(*(CK_SESSION_HANDLE *)session), CKR_OK);
	return NULL;
}

/* One holds the slot, one waits to close the session, one waits to use it. */
static void a_session_closed_while_a_call_waits_for_it_is_closed(void)
{
	CK_SESSION_HANDLE session = open_session(0, NULL);
	CK_SESSION_HANDLE other = open_session(0, NULL);
	pthread_t holder = start(seed_and_wait, &other);
	pthread_t closer;
	pthread_t user;
	void *rv;

	usleep(50 * 1000);
	closer = start(close_it, &session);
	usleep(50 * 1000);
	user = start(ask_for_the_session, &session);
	pthread_join(holder, NULL);
	pthread_join(closer, NULL);
	pthread_join(user, &rv);
	/* Which of the two gets the lock first is the system's choice. */
	CU_ASSERT(*(CK_RV *)rv == CKR_SESSION_CLOSED || *(CK_RV *)rv == CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(other), CKR_OK);
}

static CK_RV finalize_inside(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	CK_INFO info;

	(void)session;
	(void)event;
	(void)application;
	CU_ASSERT_EQUAL(loaded.list->C_GetInfo(&info), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static CK_RV cancel_inside(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	CK_SESSION_HANDLE *other = application;

	(void)event;
	CU_ASSERT_EQUAL(loaded.list_3_0->C_SessionCancel(session, 0), CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(loaded.list_3_0->C_SessionCancel(session, CKF_SIGN), CKR_FUNCTION_FAILED);
	CU_ASSERT_EQUAL(loaded.list_3_0->C_SessionCancel(*other, CKF_SIGN), CKR_FUNCTION_FAILED);
	return CKR_OK;
}

static void c_finalize_in_a_callback_is_refused_and_not_stuck(void)
{
	CK_SESSION_HANDLE session = open_session(0, finalize_inside);

	CU_ASSERT_EQUAL(seed(session, "call"), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
}

static void c_session_cancel_in_a_callback_is_refused_and_not_stuck(void)
{
	CK_SESSION_HANDLE other = open_session(0, NULL), session;

	CU_ASSERT_EQUAL(loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION, &other, cancel_inside,
						   &session),
			CKR_OK);
	CU_ASSERT_EQUAL(seed(session, "call"), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list_3_0->C_SessionCancel(session, CKF_SIGN), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(other), CKR_OK);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_C_Sign function)
{
	CK_BYTE out[8];
	CK_ULONG len = sizeof(out);

	return function(session, NULL, 0, out, &len);
}

static CK_RV close_inside(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	(void)event;
	(void)application;
	return loaded.list->C_CloseSession(session);
}

static void a_session_closed_in_its_callback_is_not_used_again(void)
{
	CK_SESSION_HANDLE session = open_session(0, close_inside);

	CU_ASSERT_EQUAL(sign(session, loaded.list->C_Sign), CKR_FUNCTION_CANCELED);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_SESSION_HANDLE_INVALID);
}

/* What runs on an unsettled session aborts. */
static void whatever_signs_settles_its_session(void)
{
	CK_SESSION_HANDLE session = open_session(0, NULL);

	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(sign(session, loaded.list->C_Sign), CKR_OPERATION_NOT_INITIALIZED);
		CU_ASSERT_EQUAL(sign(session, loaded.list->C_SignRecover),
				CKR_OPERATION_NOT_INITIALIZED);
	}
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
}

static pthread_barrier_t barrier;

static void *finalize(void *ret)
{
	pthread_barrier_wait(&barrier);
	*(CK_RV *)ret = loaded.list->C_Finalize(NULL);
	return NULL;
}

static void one_of_two_threads_finalises(void)
{
	for (int i = 0; i < 20; i++) {
		CK_RV a = CKR_GENERAL_ERROR;
		CK_RV b = CKR_GENERAL_ERROR;
		pthread_t thread_a;
		pthread_t thread_b;

		open_session(0, NULL);
		pthread_barrier_init(&barrier, NULL, 2);
		thread_a = start(finalize, &a);
		thread_b = start(finalize, &b);
		pthread_join(thread_a, NULL);
		pthread_join(thread_b, NULL);
		pthread_barrier_destroy(&barrier);
		CU_ASSERT((a == CKR_OK) != (b == CKR_OK));
		CU_ASSERT(a == CKR_CRYPTOKI_NOT_INITIALIZED || b == CKR_CRYPTOKI_NOT_INITIALIZED);
		CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
	}
}

/* Opens, uses and closes sessions until the library is gone. */
static void *use_until_it_is_gone(void *unused)
{
	for (;;) {
		CK_SESSION_HANDLE session;
		CK_RV rv = loaded.list->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);
		CK_SESSION_INFO info;

		if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
			return unused;
		rv = loaded.list->C_GetSessionInfo(session, &info);
		if (rv == CKR_OK)
			rv = loaded.list->C_CloseSession(session);
		if (rv != CKR_OK && rv != CKR_SESSION_HANDLE_INVALID && rv != CKR_SESSION_CLOSED &&
		    rv != CKR_CRYPTOKI_NOT_INITIALIZED)
			CU_FAIL("a value that none of this explains");
	}
}

static void threads_open_and_close_while_one_closes_all_and_finalises(void)
{
	pthread_t threads[4];

	for (int t = 0; t < 4; t++)
		threads[t] = start(use_until_it_is_gone, NULL);
	for (int i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(loaded.list->C_CloseAllSessions(0), CKR_OK);
		usleep(200);
	}
	CU_ASSERT_EQUAL(loaded.list->C_Finalize(NULL), CKR_OK);
	for (int t = 0; t < 4; t++)
		pthread_join(threads[t], NULL);
	CU_ASSERT_EQUAL(loaded.list->C_Initialize(NULL), CKR_OK);
}

#ifndef NDEBUG
static void a_value_that_the_standard_does_not_list_ends_a_debug_build(void)
{
	CK_SESSION_HANDLE session = open_session(0, NULL);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		const struct rlimit no_core = {0, 0};

		/* The sentence and the sanitisers' reports are expected here. */
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		if (loaded.list->C_Initialize(NULL) == CKR_OK)
			seed(open_session(0, NULL), "lie");
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CU_ASSERT_EQUAL(loaded.list->C_CloseSession(session), CKR_OK);
}
#endif

static int set_up(enum which which)
{
	if (!load_open(which, &loaded))
		return 1;
	return loaded.list->C_Initialize(NULL) == CKR_OK ? 0 : 1;
}

static int set_up_fake(void)
{
	return set_up(LOAD_FAKE);
}

static int set_up_real(void)
{
	return set_up(LOAD_REAL);
}

static int tear_down(void)
{
	CK_RV rv = loaded.list->C_Finalize(NULL);

	load_close(&loaded);
	return rv == CKR_OK ? 0 : 1;
}

#define ON_ANY_TOKEN                                                                        \
	{"the_four_ways_to_lock_are_told_apart", the_four_ways_to_lock_are_told_apart},     \
		{"handles_are_never_used_again", handles_are_never_used_again},             \
		{"sessions_are_counted_for_the_token", sessions_are_counted_for_the_token}, \
		{"a_token_is_not_initialised_under_an_open_session",                        \
		 a_token_is_not_initialised_under_an_open_session},                         \
		{"a_session_is_serial", a_session_is_serial},                               \
		{"a_child_initialises_for_itself_and_does_not_harm_its_parent",             \
		 a_child_initialises_for_itself_and_does_not_harm_its_parent},              \
		{"one_of_two_threads_finalises", one_of_two_threads_finalises},             \
		{"threads_open_and_close_while_one_closes_all_and_finalises",               \
		 threads_open_and_close_while_one_closes_all_and_finalises},

static CU_TestInfo on_fake[] = {
	ON_ANY_TOKEN{"slots_are_looked_for_when_their_number_is_asked",
		     slots_are_looked_for_when_their_number_is_asked},
	{"the_sentence_is_that_of_the_threads_last_failed_call",
	 the_sentence_is_that_of_the_threads_last_failed_call},
	{"figures_are_those_of_the_slot", figures_are_those_of_the_slot},
	{"a_child_forked_while_a_thread_is_inside_is_not_stuck",
	 a_child_forked_while_a_thread_is_inside_is_not_stuck},
	{"c_finalize_waits_for_the_call_that_is_inside",
	 c_finalize_waits_for_the_call_that_is_inside},
	{"c_finalize_ends_the_waits_for_a_slot_event", c_finalize_ends_the_waits_for_a_slot_event},
	{"a_card_pulled_in_a_call_takes_its_sessions_with_it",
	 a_card_pulled_in_a_call_takes_its_sessions_with_it},
	{"the_event_of_a_card_that_has_gone_closes_its_sessions",
	 the_event_of_a_card_that_has_gone_closes_its_sessions},
	{"a_session_closed_while_a_call_waits_for_it_is_closed",
	 a_session_closed_while_a_call_waits_for_it_is_closed},
	{"c_finalize_in_a_callback_is_refused_and_not_stuck",
	 c_finalize_in_a_callback_is_refused_and_not_stuck},
	{"c_session_cancel_in_a_callback_is_refused_and_not_stuck",
	 c_session_cancel_in_a_callback_is_refused_and_not_stuck},
	{"a_session_closed_in_its_callback_is_not_used_again",
	 a_session_closed_in_its_callback_is_not_used_again},
	{"whatever_signs_settles_its_session", whatever_signs_settles_its_session},
#ifndef NDEBUG
	{"a_value_that_the_standard_does_not_list_ends_a_debug_build",
	 a_value_that_the_standard_does_not_list_ends_a_debug_build},
#endif
	CU_TEST_INFO_NULL,
};

static CU_TestInfo on_real[] = {ON_ANY_TOKEN CU_TEST_INFO_NULL};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "gate over a token that does nothing",
		 .pInitFunc = set_up_fake,
		 .pCleanupFunc = tear_down,
		 .pTests = on_fake},
		{.pName = "gate over a card",
		 .pInitFunc = set_up_real,
		 .pCleanupFunc = tear_down,
		 .pTests = on_real},
		CU_SUITE_INFO_NULL,
	};

	return suite_run("gate", suites);
}
