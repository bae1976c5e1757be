/* Clients that come in great numbers, leave, do not read, or are slow. */

#define _GNU_SOURCE

#include "tests/hostile.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHURN 100000
#define CHURN_BATCH 500 /* what the daemon's queue holds */
#define DEAF 100
#define SLOW 500      /* of each kind */
#define STARVING 120  /* more than the daemon has descriptors for */
#define SLOW_TURNS 40 /* of half a second, until all must be gone */

/* Comes, says nothing, a part or all of a request, and leaves at once. */
static void come_and_go(struct target *t)
{
    static const char text[] =
        "GET /v1/models HTTP/1.1\r\n" HOSTILE_FIELDS "\r\n";
    int fd = hostile_dial(t);
    uint64_t how = hostile_draw(t, 4);
    if (how > 0)
        hostile_put(fd, text, how == 1 ? 30 : sizeof text - 1);
    /* An end in good order keeps its port for a minute, and there are fewer
       ports than connections to be made. */
    if (hostile_draw(t, 10) == 0)
        close(fd);
    else
        hostile_reset(fd);
}

void hostile_churn(struct target *t)
{
    for (int i = 0; i < CHURN && t->wrong == 0; i++) {
        come_and_go(t);
        if (i % CHURN_BATCH == 0)
            hostile_check(t, "connections that come and go");
    }
}

/* Asks for more than the system's buffers hold, and reads nothing. */
void hostile_deaf(struct target *t)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOSTILE_FIELDS "\r\n";
    int fds[DEAF], little = 4096;
    for (int i = 0; i < DEAF; i++) {
        fds[i] = hostile_dial(t);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
        for (int k = 0; k < 1000; k++)
            if (send(fds[i], text, sizeof text - 1,
                     MSG_DONTWAIT | MSG_NOSIGNAL) <= 0)
                break;
    }
    hostile_check(t, "clients that do not read");
    for (int i = 0; i < DEAF; i++)
        hostile_reset(fds[i]);
}

static void pause_ms(long ms)
{
    const struct timespec s = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&s, NULL);
}

/* Sends a crumb, and closes when there is an answer or an end.  Returns the
   status once, 0 while it goes on, -1 when it ended without an answer. */
static int dribble(struct target *t, int *fd, const char *crumb)
{
    struct pollfd p = { .fd = *fd, .events = POLLIN };
    int status = 0;
    if (*fd < 0)
        return 0;
    if (poll(&p, 1, 0) == 0) {
        hostile_puts(*fd, crumb);
        return 0;
    }
    status = hostile_get(t, *fd);
    close(*fd);
    *fd = -1;
    return status != 0 ? status : -1;
}

/* The daemon gives a head 10 s and its body 60 s, however many crumbs come. */
void hostile_slow(struct target *t)
{
    int heads[SLOW], bodies[SLOW], told = 0;
    for (int i = 0; i < SLOW; i++) {
        heads[i] = hostile_dial(t);
        hostile_puts(heads[i], "POST / HTTP/1.1\r\nHost: a\r\n");
        bodies[i] = hostile_dial(t);
        hostile_puts(bodies[i], HOSTILE_POST "Content-Length: 1000\r\n\r\n");
    }
    for (int turn = 0; turn < SLOW_TURNS && told < SLOW; turn++) {
        hostile_check(t, "slow clients");
        for (int i = 0; i < SLOW; i++) {
            int status = dribble(t, &heads[i], "a: b\r\n");
            told += status == 408;
            if (status != 0 && status != 408)
                hostile_wrong(t, "%d to a slow head", status);
            if (dribble(t, &bodies[i], "x") != 0)
                hostile_wrong(t, "a slow body was cut off early");
        }
        pause_ms(500);
    }
    if (told != SLOW)
        hostile_wrong(t, "%d of %d slow heads were told 408", told, SLOW);
    for (int i = 0; i < SLOW; i++)
        close(bodies[i]);
}

/* More of them than the daemon has descriptors: the good request waits, but
   not for ever. */
void hostile_starve(struct target *t)
{
    int fds[STARVING];
    for (int i = 0; i < STARVING; i++) {
        fds[i] = hostile_dial(t);
        hostile_puts(fds[i], "GET /");
    }
    int fd = hostile_dial(t), status = 0;
    hostile_puts(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 2 && status == 0; i++)
        status = hostile_get(t, fd);
    if (status != 200)
        hostile_wrong(t, "%d to a request behind slow ones", status);
    close(fd);
    for (int i = 0; i < STARVING; i++)
        close(fds[i]);
}
