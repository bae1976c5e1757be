#define _POSIX_C_SOURCE 200809L

#include "bench/gnuplot.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that could not do its part says so by its exit code. */
enum { NO_PROGRAM = 127, NO_FOLDER = 126 };

#define SECONDS_MAX 60

static void become(const char *program, const char *folder, FILE *in, FILE *out)
{
    char *const args[] = { (char[]){ "gnuplot" }, (char[]){ "-d" }, NULL };
    if (chdir(folder) != 0 || dup2(fileno(in), STDIN_FILENO) < 0 ||
        dup2(fileno(out), STDOUT_FILENO) < 0 ||
        dup2(fileno(out), STDERR_FILENO) < 0)
        _exit(NO_FOLDER);
    alarm(SECONDS_MAX);
    execvp(program, args);
    _exit(NO_PROGRAM);
}

static bool is_noise(const char *line)
{
    const char *p = line + strspn(line, " \t^\r\n");
    return *p == 0;
}

/* gnuplot shows the line of the script, a caret, and then what is wrong. */
static int told(FILE *out, struct lim_diag *diag)
{
    char line[256], best[256] = "it failed and did not say why";
    rewind(out);
    while (fgets(line, sizeof line, out) != NULL) {
        if (is_noise(line))
            continue;
        line[strcspn(line, "\n")] = 0;
        memcpy(best, line, sizeof best);
        if (strstr(line, "line ") != NULL)
            break;
    }
    return lim_fail(diag, LIM_EINVAL, 0, "gnuplot: %s", best);
}

static int judge(int status, const char *folder, FILE *out,
                 struct lim_diag *diag)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return LIM_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
        return lim_fail(diag, LIM_ENOTFOUND, 0,
                        "figures need gnuplot, which is not installed "
                        "(Debian: apt-get install gnuplot-nox)");
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FOLDER)
        return lim_fail(diag, LIM_EINVAL, 0, "%s: cannot work in this folder",
                        folder);
    if (WIFSIGNALED(status))
        return lim_fail(diag, LIM_EINVAL, 0, "gnuplot was ended by signal %d",
                        WTERMSIG(status));
    return told(out, diag);
}

static int start(const char *program, const char *folder, FILE *in, FILE *out,
                 struct lim_diag *diag)
{
    int status;
    pid_t child = fork();
    if (child < 0)
        return lim_fail(diag, LIM_EINVAL, 0, "cannot start gnuplot: %s",
                        strerror(errno));
    if (child == 0)
        become(program, folder, in, out);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return lim_fail(diag, LIM_EINVAL, 0, "lost sight of gnuplot: %s",
                            strerror(errno));
    return judge(status, folder, out, diag);
}

int bench_gnuplot_run(const char *program, const char *folder,
                      const char *script, size_t length, struct lim_diag *diag)
{
    int error = LIM_EINVAL;
    FILE *in = tmpfile();
    FILE *out = tmpfile();
    if (in == NULL || out == NULL) {
        lim_fail(diag, error, 0, "no temporary file: %s", strerror(errno));
        goto close_files;
    }
    if (fwrite(script, 1, length, in) != length || fflush(in) != 0) {
        lim_fail(diag, error, 0, "a temporary file: %s", strerror(errno));
        goto close_files;
    }
    rewind(in);
    error = start(program == NULL ? "gnuplot" : program, folder, in, out, diag);
close_files:
    if (in != NULL)
        fclose(in);
    if (out != NULL)
        fclose(out);
    return error;
}

void bench_gnuplot_string(FILE *f, const char *text)
{
    fputc('\'', f);
    for (const char *p = text; *p != 0; p++) {
        if (*p == '\'')
            fputs("’", f);
        else
            fputc((unsigned char)*p < ' ' || *p == 127 ? ' ' : *p, f);
    }
    fputc('\'', f);
}

void bench_gnuplot_tic(FILE *f, const char *name, size_t at)
{
    fputs(at > 0 ? ", " : "", f);
    bench_gnuplot_string(f, name);
    fprintf(f, " %zu", at);
}

void bench_gnuplot_csv(FILE *f, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (const char *p = text; *p != 0; p++) {
        char c = *p == '\n' || *p == '\r' ? ' ' : *p;
        fputc(c == '"' ? '\'' : c, f);
    }
    fputc('"', f);
}
