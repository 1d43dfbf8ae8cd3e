/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading the module; the card's directory is made at the first load and removed at exit. */
#include "tests/module/load.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/intaglio-test-XXXXXX";
static pid_t owner;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_directory(void)
{
	if (owner == getpid())
		nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Settings that keep the sentences, which tests provoke, off the terminal. */
static bool write_settings(void)
{
	char path[sizeof(directory) + 16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/settings", directory);
	file = fopen(path, "w");
	if (!file)
		return false;
	fputs("[log]\nlevel = none\n", file);
	return fclose(file) == 0 && setenv("INTAGLIO_CONF", path, 1) == 0;
}

static bool make_directory(void)
{
	if (owner != 0)
		return true;
	if (!mkdtemp(directory))
		return false;
	owner = getpid();
	atexit(remove_directory);
	return setenv("HOME", directory, 1) == 0 && setenv("XDG_DATA_HOME", directory, 1) == 0 &&
	       setenv("XDG_CONFIG_HOME", directory, 1) == 0 && write_settings();
}

/* What dlsym finds is copied bytewise: ISO C has no cast from objects to functions. */
static bool find(void *library, const char *name, void *ret_function)
{
	void *symbol = dlsym(library, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

bool load_open(enum which which, struct loaded *ret)
{
	const char *build = getenv("INTAGLIO_BUILD");
	CK_RV (*get_list)(CK_FUNCTION_LIST_PTR_PTR list);
	CK_INTERFACE *vendor = NULL, *v3_0 = NULL, *v3_2 = NULL;
	CK_UTF8CHAR name[] = "Vendor Intaglio", standard[] = "PKCS 11";
	CK_VERSION version_3_0 = {3, 0}, version_3_2 = {3, 2};
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", build ? build : "build",
		 which == LOAD_FAKE ? "tests/module/fake-pkcs11.so" : "module/intaglio-pkcs11.so");
	*ret = (struct loaded){.library = make_directory() ? dlopen(path, RTLD_NOW) : NULL};
	if (!ret->library || !find(ret->library, "C_GetFunctionList", &get_list) ||
	    !find(ret->library, "C_GetInterfaceList", &ret->get_interface_list) ||
	    !find(ret->library, "C_GetInterface", &ret->get_interface) ||
	    get_list(&ret->list) != CKR_OK ||
	    ret->get_interface(name, NULL, &vendor, 0) != CKR_OK ||
	    ret->get_interface(standard, &version_3_0, &v3_0, 0) != CKR_OK ||
	    ret->get_interface(standard, &version_3_2, &v3_2, 0) != CKR_OK) {
		printf("%s: %s\n", path, dlerror());
		return false;
	}
	ret->vendor = vendor->pFunctionList;
	ret->list_3_0 = v3_0->pFunctionList;
	ret->list_3_2 = v3_2->pFunctionList;
	return true;
}

void load_close(struct loaded *loaded)
{
	if (loaded->library)
		dlclose(loaded->library);
	*loaded = (struct loaded){0};
}
