#define _GNU_SOURCE

#include <CUnit/CUnit.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/daemon.h"

/* A folder with a shell script that stands in for the daemon. */
struct stage {
    char folder[40];
    char program[64];
    char notes[64]; /* where the script may write */
};

static void set_stage(struct stage *s, const char *script)
{
    strcpy(s->folder, "/tmp/tierlab-daemon-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->folder));
    snprintf(s->program, sizeof s->program, "%s/daemon", s->folder);
    snprintf(s->notes, sizeof s->notes, "%s/notes", s->folder);
    FILE *out = fopen(s->program, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fprintf(out, "#!/bin/sh\nnotes=%s\n%s\n", s->notes, script);
    fclose(out);
    CU_ASSERT_EQUAL(chmod(s->program, 0700), 0);
}

static void clear_stage(const struct stage *s)
{
    unlink(s->program);
    unlink(s->notes);
    rmdir(s->folder);
}

static int start(struct bench_daemon *d, const struct stage *s,
                 const char *json, struct lim_diag *diag)
{
    const struct bench_daemon_options options = {
        .program = s->program,
        .provider_json = json,
        .folder = s->folder,
        .speed = 20,
        .seed = 7,
    };

    return bench_daemon_start(d, &options, diag);
}

/* What the script wrote, in `out`. */
static void read_notes(const struct stage *s, char *out, size_t size)
{
    FILE *in = fopen(s->notes, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    out[fread(out, 1, size - 1, in)] = '\0';
    fclose(in);
}

static void it_is_started_configured_and_ended(void)
{
    struct stage s;
    struct bench_daemon d;
    struct lim_diag diag = { 0 };
    char notes[512];

    set_stage(&s, "echo \"$@\" >$notes; cat >>$notes\n"
                  "trap 'echo ended >>$notes; exit 0' TERM\n"
                  "echo listening on http://127.0.0.1:12345\n"
                  "while :; do sleep 0.02; done");
    CU_ASSERT_EQUAL_FATAL(start(&d, &s, "{\"table\": \"seed\"}", &diag),
                          LIM_OK);
    CU_ASSERT_STRING_EQUAL(d.base_url, "http://127.0.0.1:12345/v1");
    pid_t pid = d.pid;
    CU_ASSERT_EQUAL(kill(pid, 0), 0);
    bench_daemon_stop(&d);
    CU_ASSERT(kill(pid, 0) != 0 && errno == ESRCH);
    bench_daemon_stop(&d);
    read_notes(&s, notes, sizeof notes);
    CU_ASSERT_PTR_NOT_NULL(strstr(notes, "--port=0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(notes, "--speed=20 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(notes, "--seed=7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(notes, "{\"table\":\"seed\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(notes, "ended"));
    clear_stage(&s);
}

static void a_table_file_gets_its_whole_path(void)
{
    struct stage s;
    struct bench_daemon d;
    struct lim_diag diag = { 0 };
    char notes[512], whole[128];

    set_stage(&s, "cat >$notes; echo listening on http://127.0.0.1:1");
    CU_ASSERT_EQUAL_FATAL(start(&d, &s, "{\"table\": \"daemon\"}", &diag),
                          LIM_OK);
    bench_daemon_stop(&d);
    read_notes(&s, notes, sizeof notes);
    snprintf(whole, sizeof whole, "\"table\":\"%s\"", s.program);
    CU_ASSERT_PTR_NOT_NULL(strstr(notes, whole));
    clear_stage(&s);
}

/* Scripts that never listen, and a word of the message. */
static void what_does_not_listen_is_told(void)
{
    static const struct {
        const char *script, *word;
    } rows[] = {
        { "exit 3", "status 3" },
        { "echo hello; exit 0", "status 0" },
        { "echo hello; exec sleep 60", "did not listen" },
        { "printf %200s x; exec sleep 60", "did not listen" },
        { "kill -9 $$", "did not listen" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage s;
        struct bench_daemon d;
        struct lim_diag diag = { 0 };
        set_stage(&s, rows[i].script);
        CU_ASSERT_EQUAL(start(&d, &s, "{}", &diag), LIM_ENOTFOUND);
        CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, rows[i].word));
        bench_daemon_stop(&d);
        clear_stage(&s);
    }
}

static void a_missing_program_is_told(void)
{
    struct stage s;
    struct bench_daemon d;
    struct lim_diag diag = { 0 };

    set_stage(&s, "");
    unlink(s.program);
    CU_ASSERT_EQUAL(start(&d, &s, "{}", &diag), LIM_ENOTFOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(diag.text, "tierlab-mockd"));
    clear_stage(&s);
}

static void a_configuration_is_an_object(void)
{
    static const char *const texts[] = { "", "[]", "{", "\"seed\"" };
    struct stage s;

    set_stage(&s, "echo listening on http://127.0.0.1:1");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bench_daemon d;
        struct lim_diag diag = { 0 };
        CU_ASSERT_EQUAL(start(&d, &s, texts[i], &diag), LIM_EINVAL);
        bench_daemon_stop(&d);
    }
    clear_stage(&s);
}

CU_TestInfo daemon_tests[] = {
    { "it is started, configured and ended",
      it_is_started_configured_and_ended },
    { "a table file gets its whole path", a_table_file_gets_its_whole_path },
    { "what does not listen is told", what_does_not_listen_is_told },
    { "a missing program is told", a_missing_program_is_told },
    { "a configuration is an object", a_configuration_is_an_object },
    CU_TEST_INFO_NULL
};
