#define _POSIX_C_SOURCE 200809L

#include "bench/wall.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

unsigned bench_wall_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 1024 ? 1024 : (unsigned)n;
}

static void add_machine(cJSON *o)
{
    struct utsname name;
    char system[256] = "unknown";
    if (uname(&name) == 0)
        snprintf(system, sizeof system, "%.60s %.80s %.60s", name.sysname,
                 name.release, name.machine);
    cJSON *machine = cJSON_AddObjectToObject(o, "machine");
    cJSON_AddStringToObject(machine, "system", system);
    cJSON_AddNumberToObject(machine, "processors", bench_wall_processors());
}

cJSON *bench_wall_new(unsigned threads, double speed)
{
    char started[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) != NULL)
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    cJSON *o = cJSON_CreateObject();
    if (o == NULL)
        return NULL;
    cJSON_AddStringToObject(o, "kind", "wall");
    cJSON_AddStringToObject(o, "started", started);
    add_machine(o);
    cJSON_AddNumberToObject(o, "threads", threads);
    cJSON_AddNumberToObject(o, "speed", speed);
    cJSON_AddArrayToObject(o, "runs");
    return o;
}

void bench_wall_add(cJSON *wall, double wall_s)
{
    cJSON *runs = cJSON_GetObjectItemCaseSensitive(wall, "runs");
    cJSON_AddItemToArray(runs, cJSON_CreateNumber(wall_s));
}

void bench_wall_end(cJSON *wall, double wall_s)
{
    cJSON_AddNumberToObject(wall, "wall_s", wall_s);
}
