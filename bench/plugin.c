#define _POSIX_C_SOURCE 200809L

#include "bench/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool bench_plugin_is_file(const char *argument)
{
    size_t n = strlen(argument);
    return strchr(argument, '/') != NULL ||
           (n > 3 && strcmp(argument + n - 3, ".so") == 0);
}

static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return name != NULL && name[0] != 0 && strchr(letters, name[0]) != NULL &&
           name[strspn(name, others)] == 0 &&
           strlen(name) <= BENCH_PLUGIN_NAME_MAX;
}

/* A name without a slash would be looked for where libraries lie; opening a
   pipe would wait for its other end. */
static int load(struct bench_plugin *p, const char *path, struct lim_diag *diag)
{
    char here[4096];
    struct stat s;
    if (stat(path, &s) != 0)
        return lim_fail(diag, LIM_EINVAL, 0, "%s: %s", path, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return lim_fail(diag, LIM_EINVAL, 0, "%s: not a file", path);
    bool bare = strchr(path, '/') == NULL;
    int n = snprintf(here, sizeof here, "%s%s", bare ? "./" : "", path);
    if (n < 0 || (size_t)n >= sizeof here)
        return lim_fail(diag, LIM_EINVAL, 0, "%.80s...: too long", path);
    p->handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (p->handle == NULL)
        return lim_fail(diag, LIM_EINVAL, 0, "%s: cannot be loaded: %s", path,
                        dlerror());
    p->strategy = dlsym(p->handle, BENCH_PLUGIN_SYMBOL);
    if (p->strategy == NULL)
        return lim_fail(diag, LIM_EINVAL, 0, "%s: does not define %s", path,
                        BENCH_PLUGIN_SYMBOL);
    return LIM_OK;
}

/* The ABI stands first of all: with another one the rest may mean anything. */
static int check(const struct lim_strategy *s, const char *path,
                 struct lim_diag *diag)
{
    if (s->abi != LIM_STRATEGY_ABI)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s: made for strategies of ABI %u, wanted is ABI %d",
                        path, s->abi, LIM_STRATEGY_ABI);
    if (!is_name(s->name))
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s: its strategy has no name of at most %d letters, "
                        "digits and _, all lower case",
                        path, BENCH_PLUGIN_NAME_MAX);
    if (lim_strategy_find(s->name) != NULL)
        return lim_fail(diag, LIM_EINVAL, 0,
                        "%s: there is a built-in strategy '%s'", path, s->name);
    const char *flaw = lim_strategy_flaw(s);
    if (flaw != NULL)
        return lim_fail(diag, LIM_EINVAL, 0, "%s: strategy '%s' %s", path,
                        s->name, flaw);
    return LIM_OK;
}

int bench_plugin_open(struct bench_plugin *p, const char *argument,
                      struct lim_diag *diag)
{
    *p = (struct bench_plugin){ .name = argument };
    if (!bench_plugin_is_file(argument))
        return LIM_OK;
    int error = load(p, argument, diag);
    if (error == LIM_OK)
        error = check(p->strategy, argument, diag);
    if (error != LIM_OK) {
        bench_plugin_close(p);
        return error;
    }
    const char *slash = strrchr(argument, '/');
    p->file = slash == NULL ? argument : slash + 1;
    p->name = p->strategy->name;
    return LIM_OK;
}

void bench_plugin_close(struct bench_plugin *p)
{
    if (p->handle != NULL)
        dlclose(p->handle);
    *p = (struct bench_plugin){ .name = NULL };
}
